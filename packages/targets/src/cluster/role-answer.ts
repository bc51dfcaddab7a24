import { get } from 'node:http'
import { startCommand } from '../command/command-process.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { ProgramCommand } from '../processes/command.ts'

const LONGEST_MS = 1_000
const MOST_CHARACTERS = 64 * 1024

/** The status and, on the next line, the body: `200\n{"role":"primary"}`. Undefined without an answer within 1 s. */
export function httpAnswer(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(LONGEST_MS) }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        if (body.length < MOST_CHARACTERS) body += text
      })
      response.once('end', () => resolve(`${response.statusCode}\n${body}`))
      response.once('error', () => resolve(undefined))
    })
    request.once('error', () => resolve(undefined))
  })
}

/** The command's output; undefined if it fails or takes longer than 1 s. */
export async function commandAnswer(
  command: ProgramCommand,
  { name, keeper, logPath }: { readonly name: string; readonly keeper: Keeper; readonly logPath: string },
): Promise<string | undefined> {
  const lines: string[] = []
  const process = await startCommand({ name, command, keeper, logPath, line: (line) => lines.push(line) })
  const timer = setTimeout(() => void process.kill(), LONGEST_MS)
  const { code } = await process.exited
  clearTimeout(timer)
  return code === 0 ? lines.join('\n') : undefined
}
