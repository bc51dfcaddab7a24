import { didYouMean, usageError } from '@chaosproxy/history'
import { findStory, type Story, scenarioOf, stories, type Tale } from '@chaosproxy/scenarios'
import { protocolTargets } from '@chaosproxy/targets/named'
import { flag, inGroup, valuesOf, word } from '../arguments/declare.ts'
import { namesOf } from '../arguments/names.ts'
import { type ParsedOptions, textOf, textsOf } from '../command.ts'
import { pageChoice, parseReporters, type ReporterChoice, refuseToLose, reporterOptions } from '../reporting/choice.ts'
import type { Use } from '../use.ts'

export interface ScenarioSettings {
  /** The story to play; if absent, all are listed. */
  readonly story: Story | undefined
  readonly fix: boolean
  readonly real: boolean
  readonly json: boolean
  readonly reporters: readonly ReporterChoice[]
  /** The page's file. */
  readonly html: string | undefined
}

const { force, json, verbose: _, ...reporting } = reporterOptions('story')

const declared = {
  ...inGroup('How to play it', [], {
    fix: flag('show what would have prevented the accident'),
    real: flag('play the accident on real processes instead of in virtual time'),
  }),
  ...inGroup('Output', [], {
    html: word('write an HTML page to this file; the page shows the accident and what would have prevented it'),
    force,
    json: { ...json, common: false },
    ...reporting,
  }),
}

export const use: Use<ScenarioSettings> = {
  name: 'scenario',
  positional: '[name]',
  summary: 'play a textbook accident step by step, or list all of them',
  options: declared,
  examples: [
    ['chaos scenario', 'the stories, with a line each'],
    ['chaos scenario burrito-and-taco', 'how to spend $15 of $10'],
    ['chaos scenario burrito-and-taco --fix', 'and how not to'],
    ['chaos scenario split-brain --html story.html', 'a page to show to others'],
  ],
  read: parseScenarioSettings,
}

/** @throws UserError (usage) */
function parseScenarioSettings(options: ParsedOptions): ScenarioSettings {
  const name = textOf(options, 'name')
  const { fix, real, html, force, json } = valuesOf(options, declared)
  const settings = { fix, real, json, reporters: parseReporters(options, 'story'), html }
  if (name === undefined) {
    const [reporter] = textsOf(options, 'reporter')
    const flag = [
      settings.fix ? '--fix' : settings.real ? '--real' : undefined,
      html && `--html ${html}`,
      reporter && `--reporter ${reporter}`,
    ].find((typed) => typed !== undefined)
    if (flag === undefined) return { story: undefined, ...settings }
    throw usageError(`${flag} needs the name of one scenario, such as chaos scenario ${stories[0]?.name} ${flag}`)
  }
  const story = findStory(name)
  const names = namesOf(stories)
  if (story === undefined)
    throw usageError(`There is no scenario ${name}.${didYouMean(name, names)} chaos scenario lists all scenarios.`)
  if (settings.real) refuseImpossible(settings.fix ? [story.fix] : story.told)
  if (html !== undefined) refuseToLose([pageChoice(html, 'html')], force)
  return { story, ...settings }
}

function refuseImpossible(tales: readonly Tale[]): void {
  for (const tale of tales) {
    const target = protocolTargets.find(({ name }) => name === tale.target)
    for (const { fault } of scenarioOf(tale).faults) {
      const support = target?.supports(fault.kind) ?? true
      if (support !== true)
        throw usageError(
          `--real: ${tale.target} cannot suffer ${fault.kind} when it runs as real processes: ${support.not}. Leave out --real to play the scenario in virtual time.`,
        )
    }
  }
}
