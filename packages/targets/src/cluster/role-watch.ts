import { get } from 'node:http'
import { join } from 'node:path'
import { addressText, environmentError } from '@chaosproxy/history'
import { fillCommand, fillPlaceholders } from '../command/placeholders.ts'
import { runToEnd } from '../command/run-to-end.ts'
import { wordsOf } from '../command/words.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { ProgramCommand } from '../processes/command.ts'
import type { RoleDeclaration } from './declaration.ts'
import type { ServingNode } from './open-cluster.ts'
import { type RoleWatch, watchRoles } from './role.ts'

export interface RoleWatchOfOptions {
  readonly role: RoleDeclaration | undefined
  readonly where: string
  readonly nodes: readonly Pick<ServingNode, 'id' | 'addresses' | 'placeholders'>[]
  readonly keeper: Keeper
  readonly logDir: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits for a leader, and then keeps watching roles.
 *
 * @throws UserError: input for an unknown port or placeholder, environment if no node leads in time.
 */
export async function roleWatchOf(options: RoleWatchOfOptions): Promise<RoleWatch | undefined> {
  const { role, nodes, timeoutMs, where, signal } = options
  if (role === undefined) return undefined
  // Checked now, because an unknown placeholder would later look like a node that does not answer.
  for (const { placeholders } of nodes) fillCommand(commandOf(role, where), placeholders())
  const watch = watchRoles({ nodes, role, ask: askerOf(role, options) })
  if (await watch.untilLed(timeoutMs, signal)) return watch
  await watch.stop()
  throw environmentError(
    `${where}: role: no node leads after ${timeoutMs} ms: no answer matches /${role.leads}/ (${watch.answers().join('; ')}).`,
  )
}

type Node = RoleWatchOfOptions['nodes'][number]

function askerOf(
  role: RoleDeclaration,
  { where, keeper, logDir }: RoleWatchOfOptions,
): (node: Node) => Promise<string | undefined> {
  switch (role.by) {
    case 'http':
      return async ({ addresses, placeholders }) => {
        const address = role.port === undefined ? Object.values(addresses)[0] : addresses[role.port]
        if (address === undefined) return undefined
        return httpAnswer(`http://${addressText(address)}${fillPlaceholders(role.path, placeholders())}`)
      }
    case 'command':
      return ({ id, placeholders }) => {
        const command = fillCommand(commandOf(role, where), placeholders())
        return commandAnswer(command, { name: `${id}'s role`, keeper, logPath: join(logDir, 'role.log') })
      }
  }
}

const commandOf = (role: RoleDeclaration, where: string): ProgramCommand => ({
  words: role.by === 'command' ? wordsOf(role.command, `${where}: role.command`) : [role.path],
})

const LONGEST_MS = 1_000
const MOST_CHARACTERS = 64 * 1024

/** Resolves with the status and, on the next line, the body: `200\n{"role":"primary"}`. The time limit is 1 s. */
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

/** Resolves with the output of the command if it succeeds within 1 s. */
async function commandAnswer(
  command: ProgramCommand,
  { name, keeper, logPath }: { readonly name: string; readonly keeper: Keeper; readonly logPath: string },
): Promise<string | undefined> {
  const lines: string[] = []
  const { code } = await runToEnd({
    name,
    command,
    keeper,
    logPath,
    line: (text) => void lines.push(text),
    timeoutMs: LONGEST_MS,
  })
  return code === 0 ? lines.join('\n') : undefined
}
