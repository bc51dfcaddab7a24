import { didYouMean, UserError } from '@chaosproxy/history'
import { findStory, type Story, scenarioOf, stories, type Tale } from '@chaosproxy/scenarios'
import { targets } from '@chaosproxy/targets'
import { flag, valuesOf, word } from '../arguments/declare.ts'
import type { Options } from '../arguments/option.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { pageChoice, parseReporters, type ReporterChoice, refuseToLose, reporterOptions } from '../reporting/choice.ts'

/** The settings of `chaos scenario`, validated. */
export interface ScenarioSettings {
  /** When absent, all are listed. */
  readonly story: Story | undefined
  readonly fix: boolean
  readonly real: boolean
  /** Print the list of stories as JSON. */
  readonly json: boolean
  readonly reporters: readonly ReporterChoice[]
  /** The page's file. */
  readonly html: string | undefined
}

const declared = {
  fix: flag('show what would have prevented it'),
  real: flag('play it on real processes instead of in virtual time'),
  html: word('write it as an HTML page, with what would have prevented it'),
}

/** All options of `chaos scenario`. */
export const scenarioOptions = (): Options => ({ ...declared, ...reporterOptions() })

/** @throws UserError (usage) */
export function parseScenarioSettings(options: ParsedOptions): ScenarioSettings {
  const name = textOf(options, 'name')
  const { fix, real, html } = valuesOf(options, declared)
  const settings = {
    ...{ fix, real },
    json: flagOf(options, 'json'),
    reporters: parseReporters(options, 'story'),
    html,
  }
  if (name === undefined) {
    const [reporter] = textsOf(options, 'reporter')
    const flag = [
      settings.fix ? '--fix' : settings.real ? '--real' : undefined,
      html && `--html ${html}`,
      reporter && `--reporter ${reporter}`,
    ].find((typed) => typed !== undefined)
    if (flag === undefined) return { story: undefined, ...settings }
    throw new UserError(
      'usage',
      `${flag} is about one story: name it, such as chaos scenario ${stories[0]?.name} ${flag}`,
    )
  }
  const story = findStory(name)
  const names = stories.map((each) => each.name)
  if (story === undefined)
    throw new UserError('usage', `There is no story ${name}.${didYouMean(name, names)} chaos scenario lists them.`)
  if (settings.real) refuseImpossible(settings.fix ? [story.fix] : story.told)
  if (html !== undefined) refuseToLose([pageChoice(html, 'html')], flagOf(options, 'force'))
  return { story, ...settings }
}

function refuseImpossible(tales: readonly Tale[]): void {
  for (const tale of tales) {
    const target = targets.find(({ name }) => name === tale.target)
    for (const { fault } of scenarioOf(tale).faults) {
      const suffering = target?.suffers(fault.kind) ?? true
      if (suffering !== true)
        throw new UserError(
          'usage',
          `--real: ${tale.target} as real processes cannot suffer ${fault.kind}: ${suffering.not}. Without --real it is told in virtual time.`,
        )
    }
  }
}
