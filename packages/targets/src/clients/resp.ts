import type { Completion, Input, Json } from '@chaosproxy/history'
import { UserError } from '@chaosproxy/history'
import { parseRespSettings, refusalOf, resp } from '@chaosproxy/proxy'
import type { Client } from '@chaosproxy/runner'
import { type CommandSpec, commandsOf, isTableName } from './commands.ts'
import type { RespDeclaration } from './declaration.ts'
import { compileKeyNames, type NameKey } from './keys.ts'
import { type ExchangeEnd, openLine, type Received } from './line.ts'
import type { NodeAddress, PlannedClients } from './planned-clients.ts'
import { createProbation, type Probation } from './probation.ts'

/** A client without code, for Redis and its kin: a command table says how operations are asked for. */
export function planResp(declaration: RespDeclaration, where: string): PlannedClients {
  const { commands } = declaration
  const table = commandsOf(commands)
  if (Object.keys(table).length === 0)
    throw new UserError('input', `${where}: "commands" says of no function how it is asked for.`)
  const namesFor = compileKeyNames(declaration.keys ?? '{key}', where)
  const settings = { ...(isTableName(commands) ? { commands } : {}), ...casOf(table) }
  return {
    functions: Object.keys(table),
    // What a table of the user's own sends may be more than the proxy can read.
    sessions: isTableName(commands) ? { by: 'CLIENT SETNAME or AUTH', named: true } : undefined,
    carries: ({ initial }) => ({
      kind: 'resp',
      ...parseRespSettings({ ...settings, initial: { value: initial } }, where),
    }),
    async open({ broke, run = Date.now().toString(36) }) {
      const shared: Shared = {
        table,
        login: loginOf(declaration),
        nameKey: namesFor(run),
        probation: createProbation(broke),
      }
      return { connect: (address) => respClient(address, shared), close: async () => {} }
    },
  }
}

/** The recorder knows a compare-and-set by its script. */
function casOf(table: ReturnType<typeof commandsOf>): { readonly cas?: string } {
  const script = table['cas']?.find(({ send }) => send[0] === 'EVAL')?.send[1]
  return script === undefined ? {} : { cas: script }
}

const loginOf = ({ username, password }: RespDeclaration): readonly string[] | undefined => {
  if (password === undefined) return undefined
  return username === undefined ? ['AUTH', password] : ['AUTH', username, password]
}

interface Shared {
  readonly table: ReturnType<typeof commandsOf>
  readonly login: readonly string[] | undefined
  readonly nameKey: NameKey
  readonly probation: Probation
}

function respClient(address: NodeAddress, { table, login, nameKey, probation }: Shared): Client {
  const line = openLine<Json, RespReplies>(address, respReplies)
  return {
    invoke({ input, session, harmless }, timeoutMs, completed) {
      const { f, key, value } = input
      const named = key === undefined ? input : { f, key: nameKey(key), value }
      const chosen = choose(table[f] ?? [], named)
      if (chosen === undefined) {
        const why = `no command of the table can say ${JSON.stringify({ f, value })}`
        probation.failed(f, why)
        queueMicrotask(() => completed({ type: 'fail', error: `not asked: ${why}` }))
        return
      }
      probation.passed(f)
      line.ask({
        bytes: (reader) =>
          Buffer.concat(
            reader.ahead(session?.client, login, chosen.words).map((words) => resp.write([...words], 'requests')),
          ),
        timeoutMs,
        ended: (end) => completed(completionOf(end, chosen.spec, { input: named, harmless })),
      })
    },
    close: () => line.close(),
  }
}

interface Chosen {
  readonly spec: CommandSpec
  readonly words: readonly string[]
}

/** The first whose words can all be said: there is no text for null. */
function choose(specs: readonly CommandSpec[], { key, value }: Input): Chosen | undefined {
  const [old, next] = Array.isArray(value) ? (value as readonly Json[]) : []
  const said: { readonly [name: string]: Json | undefined } = { key, value, old, new: next }
  for (const spec of specs) {
    const words = spec.send.map((word) => fill(word, said))
    if (words.every((word) => word !== undefined)) return { spec, words }
  }
  return undefined
}

function fill(word: string, said: { readonly [name: string]: Json | undefined }): string | undefined {
  let isSaid = true
  const filled = word.replaceAll(/\{(key|value|old|new)\}/g, (_, name: string) => {
    const value = said[name]
    if (typeof value === 'string' || typeof value === 'number') return String(value)
    isSaid = false
    return ''
  })
  return isSaid ? filled : undefined
}

interface RespReplies {
  /** What has to be said on this connection before, and then the command itself. */
  ahead(
    session: string | undefined,
    login: readonly string[] | undefined,
    words: readonly string[],
  ): readonly (readonly string[])[]
  read(chunk: Buffer): Received<Json>
  end(): Received<Json>
}

function respReplies(): RespReplies {
  let scanner = resp.scanner('responses')
  let buffered: Buffer = Buffer.alloc(0)
  let scanned = 0
  let awaited = 0
  let loggedIn = false
  let named: string | undefined
  /** An error before the command's own answer, such as that of a wrong password. */
  let before: Json | undefined
  return {
    ahead(session, login, words) {
      const all: (readonly string[])[] = []
      if (login !== undefined && !loggedIn) all.push(login)
      loggedIn = true
      if (session !== undefined && session !== named) all.push(['CLIENT', 'SETNAME', session])
      named = session
      before = undefined
      all.push(words)
      awaited = all.length
      return all
    },
    read(chunk) {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
      for (;;) {
        const end = scanner.scan(buffered, scanned)
        if (end === -1) {
          scanned = buffered.length
          return { type: 'incomplete' }
        }
        if (end < 0) return { type: 'unreadable', why: 'this is no RESP' }
        const reply = resp.read(buffered.subarray(0, end))
        buffered = buffered.subarray(end)
        scanned = 0
        scanner = resp.scanner('responses')
        if (reply === undefined) return { type: 'unreadable', why: 'this is no RESP' }
        awaited--
        if (awaited > 0) before ??= errorOf(reply) === undefined ? undefined : reply
        else
          return {
            type: 'reply',
            reply: errorOf(reply) === undefined ? reply : (before ?? reply),
            reusable: awaited === 0,
          }
      }
    },
    end: () => ({ type: 'incomplete' }),
  }
}

const errorOf = (reply: Json): string | undefined =>
  reply !== null && typeof reply === 'object' && 'error' in reply && typeof reply['error'] === 'string'
    ? reply['error']
    : undefined

interface Asked {
  readonly input: Input
  readonly harmless: boolean
}

function completionOf(end: ExchangeEnd<Json>, spec: CommandSpec, { input, harmless }: Asked): Completion {
  if (end.type === 'lost') return { type: end.neverLeft || harmless ? 'fail' : 'info', error: end.why }
  const { reply } = end
  const error = errorOf(reply)
  if (error !== undefined) {
    // A script may have done a part of its work before it failed.
    const { type } = refusalOf(error, spec.send[0]?.startsWith('EVAL'))
    return { type: type === 'fail' || harmless ? 'fail' : 'info', error }
  }
  if (spec.refused?.some((refusal) => refusal === reply))
    return { type: 'fail', error: `answered ${JSON.stringify(reply)}` }
  const value = resultOf(reply, spec, input)
  return value === undefined
    ? { type: harmless ? 'fail' : 'info', error: `an answer that is not understood: ${JSON.stringify(reply)}` }
    : { type: 'ok', value }
}

/** Undefined for an answer of another kind than the table says. */
function resultOf(reply: Json, { result = 'given' }: CommandSpec, { value }: Input): Json | undefined {
  switch (result) {
    case 'given':
      return value
    case 'text':
      return typeof reply === 'string' || reply === null ? reply : undefined
    case 'number': {
      if (reply === null) return null
      const number = typeof reply === 'string' && reply !== '' ? Number(reply) : reply
      return typeof number === 'number' && Number.isFinite(number) ? number : undefined
    }
    case 'boolean':
      return reply === 1 || reply === 0 ? reply === 1 : undefined
    case 'list':
      return Array.isArray(reply) ? reply : undefined
  }
}
