import * as v from 'valibot'

/** A server for `chaos record` and `chaos proxy`: where it is, or the command that starts it. */
export interface ConfiguredUpstream {
  /** `host:port` of a server that is running already. */
  readonly upstream?: string | undefined
  /** The command that starts it, with placeholders: only for `chaos record`. */
  readonly serve?: string | undefined
  /** What passes: the path of a route table, `resp`, or `tcp` (not recorded), which is the default. */
  readonly as?: string | undefined
  /** Where the proxy listens; by default at any free port. */
  readonly listen?: string | undefined
  /** Whether faults happen to it; by default they do. */
  readonly hurt?: boolean | undefined
}

const text = v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty'))

export const upstreamSchema: v.GenericSchema = v.strictObject({
  upstream: v.optional(text),
  serve: v.optional(text),
  as: v.optional(text),
  listen: v.optional(text),
  hurt: v.optional(v.boolean('must be true or false')),
})
