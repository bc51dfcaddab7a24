import * as v from 'valibot'

/** What is recorded of servers and clients that are somebody else's, as JSON. */
export interface TrafficSpec {
  /** The path of a route table, the JSON of one, or `resp`. */
  readonly as: string
  readonly servers: readonly TrafficServer[]
  /** What tells clients apart, instead of what the table says. */
  readonly client?: string | undefined
  /** What keys hold at the start: `unknown`, `read`, or the JSON of a value. */
  readonly initial?: string | undefined
  readonly model?: string | undefined
  /** The names of the servers that faults happen to; when absent, all. */
  readonly hurt?: readonly string[] | undefined
  /** The clients: the words of a command. Absent where they came by themselves. */
  readonly command?: readonly string[] | undefined
  /** Variables of the command, with placeholders for the proxies' addresses. */
  readonly environment?: { readonly [name: string]: string } | undefined
  /** Whether it does not matter how the command ends. */
  readonly mayFail?: boolean | undefined
  /** Whether the time is how long it is meant to take: the command is then ended. */
  readonly endsInTime?: boolean | undefined
  /** What to do to record it again, where only what recorded it can. */
  readonly again?: string | undefined
}

/** A server behind a proxy: where it runs already, or the words of the command that starts it. */
export interface TrafficServer {
  readonly name: string
  /** `host:port`, with `https://` in front where the proxy speaks TLS; when absent, any free port. */
  readonly listen?: string | undefined
  readonly upstream?: string | undefined
  readonly serve?: readonly string[] | undefined
  /** False: its traffic can be hurt, and is not recorded. */
  readonly recorded?: boolean | undefined
}

const text = v.string('must be a text')
const words = v.pipe(
  v.array(text, 'must be a list of words, such as ["npm","test"]'),
  v.minLength(1, 'must be a list of words, such as ["npm","test"]'),
)
const flag = v.boolean('must be true or false')

const serverSchema = v.pipe(
  v.strictObject({
    name: text,
    listen: v.optional(text),
    upstream: v.optional(text),
    serve: v.optional(words),
    recorded: v.optional(flag),
  }),
  v.check(
    ({ upstream, serve }) => (upstream === undefined) !== (serve === undefined),
    'needs "upstream", where it runs, or "serve", the command that starts it: one of them',
  ),
)

export const trafficSchema: v.GenericSchema<unknown, TrafficSpec> = v.strictObject({
  as: text,
  servers: v.pipe(
    v.array(serverSchema, 'must be a list of servers'),
    v.minLength(1, 'must be a list of at least one server'),
  ),
  client: v.optional(text),
  initial: v.optional(text),
  model: v.optional(text),
  hurt: v.optional(v.array(text, 'must be a list of names')),
  command: v.optional(words),
  environment: v.optional(v.record(v.string(), text, 'must be an object of variables, such as {"API":"http://{n1}"}')),
  mayFail: v.optional(flag),
  endsInTime: v.optional(flag),
  again: v.optional(text),
})
