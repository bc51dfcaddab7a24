import { setMaxListeners } from 'node:events'
import { EXIT } from '@chaosproxy/engine/run'
import { print } from '../terminal/output.ts'

/** Handles Ctrl-C and SIGTERM: the first ends the work cleanly, the second ends the process immediately. */
export interface Interrupts {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal
  /** Restores the default handling of the signals. */
  release(): void
}

/**
 * Returns the signals that end a command. SIGHUP is one of them while a terminal is attached, since only a terminal can
 * hang up. Without a terminal, SIGHUP is ignored: Node does not preserve the disposition that `nohup` sets, and does
 * not report it.
 */
export function endingSignals(): readonly NodeJS.Signals[] {
  if (hasTerminal()) return ['SIGINT', 'SIGTERM', 'SIGHUP']
  if (!process.listeners('SIGHUP').includes(ignore)) process.on('SIGHUP', ignore)
  return ['SIGINT', 'SIGTERM']
}

const ignore = (): void => {}

/** Whether a user can send an interrupt from a terminal. */
export const hasTerminal = (): boolean => [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)

const OF_A_RUN = 'Interrupted: healing and checking the record. Once more to end at once.'

/** Handles interrupts; the first one prints the `announcement`. */
export function listenForInterrupts(announcement: string = OF_A_RUN): Interrupts {
  const interrupting = new AbortController()
  // There may be many listeners: one for each piece of work in progress.
  setMaxListeners(0, interrupting.signal)
  const onSignal = () => {
    // The watchdog of the nodes ends them together with this process.
    if (interrupting.signal.aborted) process.exit(EXIT.interrupted)
    print(process.stderr, `\n  ${announcement}\n`)
    interrupting.abort()
  }
  const signals = endingSignals()
  for (const signal of signals) process.on(signal, onSignal)
  return {
    signal: interrupting.signal,
    release() {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}
