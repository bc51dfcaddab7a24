import { randomBytes } from 'node:crypto'
import { type Completion, type Input, inputError, type Json } from '@chaosproxy/history'
import { type CommandSpec, FINAL_SUFFIX, redis, refusalOf } from '@chaosproxy/recorder/redis'
import type { Client } from '@chaosproxy/runner'
import * as v from 'valibot'
import { type ClientKind, keys } from './client-kind.ts'
import { commandsOf, isTableName, type OwnCommands, tableNames } from './commands.ts'
import { compileKeyNames, type NameKey } from './keys.ts'
import { type ExchangeEnd, openLine } from './line.ts'
import type { NodeAddress, PlannedClients } from './planned-clients.ts'
import { createProbation, type Probation } from './probation.ts'
import { errorOf, type RespReplies, type RespReply, respReplies } from './resp-replies.ts'

/** Declares clients of Redis and compatible systems. A command table describes the requests. */
export interface RespDeclaration {
  readonly kind: 'resp'
  /** The name of a built-in table, or the user's commands by function. */
  readonly commands: string | OwnCommands
  /** The template of key names: see `keys` of the HTTP clients. */
  readonly keys?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
}

const command = v.strictObject({
  send: v.pipe(
    v.array(v.string('must be a word'), 'must be a list of words, such as ["GET","{key}"]'),
    v.minLength(1, 'must not be empty'),
  ),
  result: v.optional(v.picklist(['given', 'token', 'text', 'number', 'boolean', 'list'])),
  refused: v.optional(v.array(v.nullable(v.union([v.string(), v.number()])), 'must be a list of answers')),
})

/** Clients of Redis and compatible systems. Users describe them with a command table, without writing code. */
export const resp: ClientKind<RespDeclaration> = {
  kind: 'resp',
  entries: {
    commands: v.pipe(
      v.union(
        [v.picklist(tableNames), v.record(v.string(), v.union([command, v.array(command)]))],
        `must be ${tableNames.join(', ')}, or a table: {"read": {"send": ["GET","{key}"], "result": "text"}, …}`,
      ),
      v.description('the command table: its name, or the table itself'),
    ),
    keys,
    username: v.optional(v.string('must be a string')),
    password: v.optional(v.string('must be a string')),
  },
  isPlain: true,
  plan: planResp,
}

function planResp(declaration: RespDeclaration, where: string): PlannedClients {
  const { commands } = declaration
  const table = commandsOf(commands)
  if (Object.keys(table).length === 0)
    throw inputError(`${where}: "commands" is empty. Declare at least one function in it, such as "read".`)
  const namesFor = compileKeyNames(declaration.keys ?? '{key}', where)
  const settings = { ...(isTableName(commands) ? { commands } : {}), ...casOf(table) }
  return {
    functions: Object.keys(table),
    elsewhere: declaration,
    // A user's table may contain commands that the proxy cannot parse, so the proxy does not record the operations.
    sessions: isTableName(commands) ? { by: redis.namedBy, named: true } : undefined,
    carries: ({ initial }) => redis.parse({ ...settings, initial: { value: initial } }, where),
    async open({ broke, run = Date.now().toString(36) }) {
      const shared: SharedByRespClients = {
        table,
        login: loginOf(declaration),
        nameKey: namesFor(run),
        probation: createProbation(broke),
      }
      return { connect: (address) => respClient(address, shared), close: async () => {} }
    },
  }
}

/** Returns the script that the recorder recognises as a compare-and-set. */
function casOf(table: ReturnType<typeof commandsOf>): { readonly cas?: string } {
  const script = table['cas']?.find(({ send }) => send[0] === 'EVAL')?.send[1]
  return script === undefined ? {} : { cas: script }
}

const loginOf = ({ username, password }: RespDeclaration): readonly string[] | undefined => {
  if (password === undefined) return undefined
  return username === undefined ? ['AUTH', password] : ['AUTH', username, password]
}

export interface SharedByRespClients {
  readonly table: ReturnType<typeof commandsOf>
  readonly login?: readonly string[] | undefined
  /** Returns the name that a key has in the service; by default, the key itself. */
  readonly nameKey?: NameKey | undefined
  readonly probation: Probation
  /** A command that is sent directly before the command of each operation. */
  readonly ahead?: readonly string[] | undefined
  /** The number of replicas that WAIT must report for a change; otherwise its outcome is `info`. */
  readonly replicas?: number | undefined
}

export function respClient(
  address: NodeAddress,
  { table, login, nameKey = (key) => key, probation, ahead, replicas = 0 }: SharedByRespClients,
): Client {
  const line = openLine<RespReply, RespReplies>(address, respReplies)
  return {
    invoke({ input, session, harmless, final }, timeoutMs, completed) {
      const { f, key, value } = input
      const named = key === undefined ? input : { f, key: nameKey(key), value }
      const chosen = choose(table[f] ?? [], named)
      if (chosen === undefined) {
        const why = `no command of the table can express ${JSON.stringify({ f, value })}`
        probation.failed(f, why)
        queueMicrotask(() => completed({ type: 'fail', error: `not asked: ${why}` }))
        return
      }
      probation.passed(f)
      const { spec, words, token } = chosen
      const name = session === undefined || !final ? session?.client : `${session.client}${FINAL_SUFFIX}`
      const isWaitedFor = replicas > 0 && !harmless
      // WAIT must return before the client times out.
      const behind = isWaitedFor ? ['WAIT', String(replicas), String(Math.ceil(timeoutMs / 2))] : undefined
      line.ask({
        bytes: (reader) => reader.bytes({ words, login, session: name, ahead, behind }),
        timeoutMs,
        ended(end) {
          if (end.type === 'reply') judgeAdmission(f, errorOf(end.reply.reply), probation)
          completed(completionOf(end, spec, { input: named, harmless, token, replicas }))
        },
      })
    },
    close: () => line.close(),
  }
}

const NOT_LET_IN = /^(WRONGPASS|NOAUTH|NOPERM)\b/

function judgeAdmission(f: string, error: string | undefined, probation: Probation): void {
  if (error !== undefined && NOT_LET_IN.test(error)) probation.refused(f, error)
  else probation.admitted(f)
}

interface Chosen {
  readonly spec: CommandSpec
  readonly words: readonly string[]
  readonly token: string
}

/** Tokens that are unique within this run and across runs. */
const tokens = {
  run: randomBytes(8).toString('hex'),
  count: 0,
  next(): string {
    this.count++
    return `${this.run}-${this.count}`
  },
}

/** Returns the first command whose placeholders all have a value. Null cannot fill a placeholder. */
function choose(specs: readonly CommandSpec[], { key, value }: Input): Chosen | undefined {
  const [old, next] = Array.isArray(value) ? (value as readonly Json[]) : []
  const token = tokens.next()
  const fields: { readonly [name: string]: Json | undefined } = { key, value, old, new: next, token }
  for (const spec of specs) {
    const words = spec.send.map((word) => fill(word, fields))
    if (words.every((word) => word !== undefined)) return { spec, words, token }
  }
  return undefined
}

function fill(word: string, fields: { readonly [name: string]: Json | undefined }): string | undefined {
  let isComplete = true
  const filled = word.replaceAll(/\{(key|value|old|new|token)\}/g, (_, name: string) => {
    const value = fields[name]
    if (typeof value === 'string' || typeof value === 'number') return String(value)
    isComplete = false
    return ''
  })
  return isComplete ? filled : undefined
}

interface SentCommand {
  readonly input: Input
  readonly harmless: boolean
  readonly token: string
  readonly replicas: number
}

function completionOf(end: ExchangeEnd<RespReply>, spec: CommandSpec, sent: SentCommand): Completion {
  const { input, harmless, token, replicas } = sent
  if (end.type === 'lost') return { type: end.neverLeft || harmless ? 'fail' : 'info', error: end.why }
  const { reply, behind } = end.reply
  const error = errorOf(reply)
  if (error !== undefined) {
    // A script may have made some of its changes before it failed.
    const { type } = refusalOf(error, spec.send[0]?.startsWith('EVAL'))
    return { type: type === 'fail' || harmless ? 'fail' : 'info', error }
  }
  if (spec.refused?.some((refusal) => refusal === reply))
    return { type: 'fail', error: `answered ${JSON.stringify(reply)}`, answered: true }
  if (behind !== undefined && !(typeof behind === 'number' && behind >= replicas))
    return {
      type: 'info',
      error: `WAIT ${replicas}: ${errorOf(behind) ?? `${JSON.stringify(behind)} replicas have it`}`,
    }
  const value = spec.result === 'token' ? token : resultOf(reply, spec, input)
  return value === undefined
    ? { type: harmless ? 'fail' : 'info', error: `an answer that is not understood: ${JSON.stringify(reply)}` }
    : { type: 'ok', value }
}

/** Returns the result of a reply, if it is of the kind that the table declares. */
function resultOf(reply: Json, { result = 'given' }: CommandSpec, { value }: Input): Json | undefined {
  switch (result) {
    case 'given':
    case 'token':
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
