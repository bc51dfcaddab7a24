import { commandLine, EXIT, type ExitCode, packageVersion } from '@chaosproxy/engine/run'
import type { Json } from '@chaosproxy/history'
import { type PlayedStory, renderStoryHtml, type StoryTelling } from '@chaosproxy/report'
import { RESULT_FORM } from '@chaosproxy/runner/result'
import { type Story, stories } from '@chaosproxy/scenarios'
import { given } from '../arguments/declare.ts'
import { isSilent } from '../reporting/choice.ts'
import { loadOwnReporters } from '../reporting/own.ts'
import { reportOne } from '../reporting/reporting.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { fitted } from '../terminal/fitted.ts'
import { listing } from '../terminal/listing.ts'
import { print } from '../terminal/output.ts'
import { writeNamed } from '../terminal/overwriting.ts'
import { createProgress } from '../terminal/progress.ts'
import { styleFor } from '../terminal/style.ts'
import { accidentOf, fixOf, playTale, playTaleForReal } from './play-tale.ts'
import type { ScenarioSettings } from './use.ts'

/** Lists the stories, or plays and describes one. */
export async function execute(settings: ScenarioSettings): Promise<ExitCode> {
  const { story, json, html, reporters } = settings
  if (story === undefined) {
    print(json ? `${JSON.stringify(stories.map(listed))}\n` : fitted(`${listLines().join('\n')}\n`))
    return EXIT.met
  }
  const own = await loadOwnReporters(reporters)
  const startedAt = performance.now()
  const tellings = await play(story, settings)
  if (tellings === undefined) return EXIT.interrupted
  const elapsedMs = performance.now() - startedAt
  const played = playedStory(story, tellings, settings)
  const whole = await wholeOf(story, played, settings)
  if (html !== undefined) writeNamed(html, renderStoryHtml(whole, packageVersion()), `--html ${html}`)
  const exitCode = tellings.every(endedAsScripted) ? EXIT.met : EXIT.violated
  const again = commandLine([
    'npx',
    'chaos',
    'scenario',
    story.name,
    ...(settings.fix ? ['--fix'] : []),
    ...(settings.real ? ['--real'] : []),
  ])
  const subject = {
    kind: 'story',
    story: played,
    whole,
    json: jsonOf(played, settings),
    elapsedMs,
    again,
    exitCode,
  } as const
  return reportOne(subject, reporters, own)
}

async function play(
  story: Story,
  { fix, real, reporters }: ScenarioSettings,
): Promise<readonly StoryTelling[] | undefined> {
  const parts = fix ? [fixOf(story)] : accidentOf(story)
  if (!real) return Promise.all(parts.map(playTale))
  const interrupts = listenForInterrupts('Interrupted: the processes are stopped.')
  const progress = await createProgress({ quiet: isSilent(reporters) })
  try {
    const tellings: StoryTelling[] = []
    for (const part of parts) {
      progress.update(`playing on real processes: ${part.tale.title}`)
      const telling = await playTaleForReal(part, interrupts.signal)
      if (telling === undefined) return undefined
      tellings.push(telling)
    }
    return tellings
  } finally {
    progress.stop()
    interrupts.release()
  }
}

/**
 * If an HTML page is requested, plays the rest of the story too: a page shows both the accident and the fix, and only
 * one of them has been played.
 */
async function wholeOf(
  story: Story,
  played: PlayedStory,
  { fix, html, reporters }: ScenarioSettings,
): Promise<PlayedStory> {
  if (html === undefined && !reporters.some(({ name }) => name === 'html')) return played
  const tellings = fix
    ? [...(await Promise.all(accidentOf(story).map(playTale))), ...played.tellings]
    : [...played.tellings, await playTale(fixOf(story))]
  return { ...played, tellings }
}

const endedAsScripted = ({ differences }: StoryTelling): boolean => differences.length === 0

const playedStory = (
  { name, summary, lesson, source, fix }: Story,
  tellings: readonly StoryTelling[],
  settings: ScenarioSettings,
): PlayedStory => ({
  name,
  summary,
  lesson,
  source,
  tellings,
  prevention: settings.fix ? undefined : { title: fix.title, command: `chaos scenario ${name} --fix` },
})

const listed = ({ name, summary, lesson, source, told, fix }: Story): Json => ({
  name,
  summary,
  lesson,
  source,
  systems: told.map(({ title }) => title),
  prevention: fix.title,
})

function listLines(): string[] {
  return [
    ...listing(
      stories.map(({ name, summary }) => [name, summary]),
      styleFor().bold,
    ),
    '',
    'Play one: chaos scenario NAME. --fix shows what would have prevented the accident.',
  ]
}

const jsonOf = ({ name, summary, lesson, source, tellings }: PlayedStory, { fix, real }: ScenarioSettings): Json => ({
  chaos: RESULT_FORM,
  story: name,
  summary,
  lesson,
  source,
  fix,
  real,
  asTold: tellings.every(endedAsScripted),
  tellings: tellings.map(({ title, setting, promise, steps, verdicts, goodput, ending, differences }) => ({
    title,
    setting,
    ...given({ promise }),
    asTold: differences.length === 0,
    differences,
    verdicts: Object.fromEntries(verdicts.map(({ level, result }) => [level, result])),
    ...(goodput === undefined
      ? {}
      : { goodput: { ...goodput, troubles: goodput.troubles.map((each) => ({ ...each })) } }),
    ending,
    steps: steps.map(({ text, breaks, signs, nodes, ledger }) => ({
      text,
      ...given({ breaks, nodes: nodes?.map((node) => ({ ...node })), ledger: ledger && { ...ledger } }),
      signs: signs.map((sign) => ({ ...sign })),
    })) as Json,
  })),
})
