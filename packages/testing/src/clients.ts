import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Completion, type Input, millis, UserError } from '@chaosproxy/history'
import * as v from 'valibot'
import { onTestFinished } from 'vitest'
import { type ClientDeclaration, clientSchema, planClients } from '../../targets/src/client-kinds/registry.ts'
import { startKeeper } from '../../targets/src/keeper/keeper.ts'

/** @throws UserError (input) whose message begins with `where`. */
export function parseClientDeclaration(json: unknown, where: string): ClientDeclaration {
  const result = v.safeParse(clientSchema, json, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  const path = v.getDotPath(issue)
  const member = path === null ? '' : `: "${path}"`
  if (issue.expected === 'never') throw new UserError('input', `${where}${member}: there is no such member.`)
  throw new UserError('input', `${where}${member} ${issue.message}.`)
}

/** Creates a directory for one test, and removes it after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-clients-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export interface TriedClient {
  ask(input: Input, timeoutMs?: number): Promise<Completion>
  another(): Pick<TriedClient, 'ask'>
  /** Resolves with the error of a defective client. */
  readonly broken: Promise<UserError>
  close(): Promise<void>
}

export async function tryClient(
  declaration: object,
  port: number,
  {
    functions = ['read', 'write'],
    directory = '.',
    keys,
  }: { functions?: readonly string[]; directory?: string; keys?: readonly string[] } = {},
): Promise<TriedClient> {
  const keeper = startKeeper(() => {})
  onTestFinished(() => keeper.close())
  let broke: (error: UserError) => void = () => {}
  const broken = new Promise<UserError>((resolve) => {
    broke = resolve
  })
  const planned = planClients(parseClientDeclaration(declaration, 'client'), 'client', directory)
  const opened = await planned.open({
    operations: { functions, reads: ['read'], initial: null, before: keys?.map(read) },
    logDir: directory,
    keeper,
    nodes: () => [{ node: 'n1', host: '127.0.0.1', port }],
    broke,
    run: 'r1',
  })
  onTestFinished(() => opened.close())
  const connected = () => {
    const client = opened.connect({ node: 'n1', host: '127.0.0.1', port })
    return {
      ask: (input: Input, timeoutMs = 5000) =>
        new Promise<Completion>((resolve) => {
          const session = { client: 'process-3', sequence: 1 }
          client.invoke({ input, harmless: input.f === 'read', session }, millis(timeoutMs), resolve)
        }),
    }
  }
  return { ...connected(), another: connected, broken, close: () => opened.close() }
}

export const read = (key: string): Input => ({ f: 'read', key, value: null })
export const write = (key: string, value: number): Input => ({ f: 'write', key, value })
