import { setImmediate } from 'node:timers/promises'
import type { ExitCode } from '../exit-code.ts'
import { type Shown, showScenario } from '../fuzz/show.ts'
import { subjectOf } from '../fuzz/subject-name.ts'
import { type Interrupts, listenForInterrupts } from '../run/interrupts.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { exitCodeOf, jsonOf, noPlays, pageOf, type ReplayOutcome, withPlay } from './outcome.ts'
import { playForReal } from './real.ts'
import type { ReplaySettings } from './settings.ts'

const INTERRUPTED = 'Interrupted: what was played until now is shown. Once more to end at once.'

/** Plays the scenario as often as asked for, and says how often it went wrong, and whether it went as it was recorded. */
export async function executeReplay(settings: ReplaySettings): Promise<ExitCode> {
  const progress = createProgress({ quiet: settings.json })
  const interrupts = listenForInterrupts(INTERRUPTED)
  try {
    let outcome: ReplayOutcome = noPlays
    for (let i = 0; i < settings.times && !interrupts.interrupted(); i++) {
      progress.update(`playing ${i + 1} of ${settings.times}`)
      const shown = await play(settings, interrupts)
      if (shown !== undefined) outcome = withPlay(outcome, shown, settings.replay.digest)
      // The simulator never waits, and an interrupt is heard only where somebody does.
      await setImmediate()
    }
    outcome = { ...outcome, interrupted: interrupts.interrupted() }
    progress.stop()
    print(process.stdout, settings.json ? `${JSON.stringify(jsonOf(settings, outcome))}\n` : pageOf(settings, outcome))
    return exitCodeOf(outcome)
  } finally {
    progress.stop()
    interrupts.release()
  }
}

async function play(settings: ReplaySettings, interrupts: Interrupts): Promise<Shown | undefined> {
  const { replay, subject, real, invariants } = settings
  return real
    ? playForReal(subject, replay.scenario, interrupts)
    : showScenario(await subjectOf(subject), replay.scenario, invariants)
}
