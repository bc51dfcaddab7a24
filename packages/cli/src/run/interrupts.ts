import { setMaxListeners } from 'node:events'
import { EXIT } from '@chaosproxy/engine/run'
import { printNotice } from '../terminal/output.ts'

/** Handles Ctrl-C and SIGTERM: the first signal ends the work cleanly, and the second ends the process. */
export interface Interrupts {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal
  release(): void
}

/**
 * Returns the signals that end a command. SIGHUP counts only with a terminal, because Node does not preserve the
 * disposition that `nohup` sets.
 */
function endingSignals(): readonly NodeJS.Signals[] {
  if (hasTerminal()) return ['SIGINT', 'SIGTERM', 'SIGHUP']
  if (!process.listeners('SIGHUP').includes(ignore)) process.on('SIGHUP', ignore)
  return ['SIGINT', 'SIGTERM']
}

const ignore = (): void => {}

export const hasTerminal = (): boolean => [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)

const OF_A_RUN = 'Interrupted: healing and checking the record. Interrupt again to end at once.'

/** Handles interrupts. The first prints the `announcement`. */
export function listenForInterrupts(announcement: string = OF_A_RUN): Interrupts {
  const interrupting = new AbortController()
  // Each piece of work in progress listens to this signal, so there is no limit on listeners.
  setMaxListeners(0, interrupting.signal)
  const onSignal = () => {
    // The nodes then end, too: they notice that this process has ended, or its keeper (see `Keeper`) ends them.
    if (interrupting.signal.aborted) process.exit(EXIT.interrupted)
    printNotice(`\n  ${announcement}\n`)
    interrupting.abort()
  }
  return { signal: interrupting.signal, release: onEndingSignals(onSignal) }
}

/** Listens for the signals that end a command. The returned function removes the listeners. */
export function onEndingSignals(listener: (name: NodeJS.Signals) => void): () => void {
  const signals = endingSignals()
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}
