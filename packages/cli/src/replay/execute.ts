import type { ExitCode } from '@chaosproxy/engine'
import { replay } from '@chaosproxy/engine'
import { listenForInterrupts } from '../run/interrupts.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { exitCodeOf, jsonOf, pageOf } from './outcome.ts'
import type { ReplaySettings } from './settings.ts'

const INTERRUPTED = 'Interrupted: what was played until now is shown. Once more to end at once.'

/** Plays the scenario as often as requested, and shows what came of it. */
export async function executeReplay(settings: ReplaySettings): Promise<ExitCode> {
  const { replay: recorded, subject, real, times, invariants } = settings
  const progress = await createProgress({ quiet: settings.json })
  const interrupts = listenForInterrupts(INTERRUPTED)
  try {
    const spec = { scenario: recorded.scenario, digest: recorded.digest, subject, real, times, invariants }
    const outcome = await replay(spec, {
      signal: interrupts.signal,
      listener: ({ play }) => progress.update(`playing ${play} of ${times}`),
    })
    progress.stop()
    print(process.stdout, settings.json ? `${JSON.stringify(jsonOf(settings, outcome))}\n` : pageOf(settings, outcome))
    return exitCodeOf(outcome)
  } finally {
    progress.stop()
    interrupts.release()
  }
}
