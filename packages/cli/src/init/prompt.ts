import { createInterface } from 'node:readline/promises'

/** Asks on the terminal. Resolves to the typed text, or to `n` if the input has ended. */
export type Prompt = (question: string) => Promise<string>

export const canPrompt = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true

export async function promptOnTerminal<Result>(use: (ask: Prompt) => Promise<Result>): Promise<Result> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  terminal.once('SIGINT', () => {
    // Closing the interface restores the modes of the terminal. Then the signal SIGINT ends the process, before `use`
    // writes anything.
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

export const isYes = (typed: string): boolean => /^(?:y|yes)?$/i.test(typed)
