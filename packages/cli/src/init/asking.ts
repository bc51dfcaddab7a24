import { createInterface } from 'node:readline/promises'

/** Asks on the terminal; what is typed, or `n` once nobody can type any more. */
export type Ask = (question: string) => Promise<string>

/** Whether questions can be asked. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true

export async function askingOnTerminal<Result>(use: (ask: Ask) => Promise<Result>): Promise<Result> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  terminal.once('SIGINT', () => {
    // Closed first: it gives the terminal back its modes. Nothing is written yet, and the signal ends the process.
    terminal.close()
    process.kill(process.pid, 'SIGINT')
  })
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('n')))
  try {
    return await use(async (question) => (await Promise.race([terminal.question(question), closed])).trim())
  } finally {
    terminal.close()
  }
}

/** Enter alone is a yes. */
export const isYes = (typed: string): boolean => /^(?:y|yes)?$/i.test(typed)
