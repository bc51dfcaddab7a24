import { draftEntries } from '@chaosproxy/runner'
import * as v from 'valibot'

export const pathSchema: v.GenericSchema<string> = v.pipe(v.string('must be a path'), v.nonEmpty('must be a path'))

const text = v.string('must be a string')

/** A server for `chaos record` and `chaos proxy`: its address, or the command that starts it. */
export interface ConfiguredUpstream {
  /** `host:port` of a server that is already running. */
  readonly upstream?: string | undefined
  /** The command that starts the server, with placeholders; only for `chaos record`. */
  readonly serve?: string | undefined
  /**
   * How the server's traffic is read: the path of a route table, `resp` or `tcp`. The default is `tcp`, which is not
   * recorded.
   */
  readonly as?: string | undefined
  /** The address where the proxy listens; by default any free port. */
  readonly listen?: string | undefined
  /** Whether faults are injected into the server's traffic; true by default. */
  readonly hurt?: boolean | undefined
}

const someText = v.pipe(text, v.nonEmpty('must not be empty'))

export const upstreamSchema: v.GenericSchema = v.strictObject({
  upstream: v.optional(someText),
  serve: v.optional(someText),
  as: v.optional(someText),
  listen: v.optional(someText),
  hurt: v.optional(v.boolean('must be true or false')),
})

/**
 * The result that a run is compared with, and how much worse the run may be. If a run has its own baseline, neither the
 * shared baseline nor the shared tolerance applies.
 */
export interface HeldToBaseline {
  /** The file of an earlier result, which no run may be worse than: the output of `--json`, or a `run.json`. */
  readonly baseline?: string | undefined
  /** How much worse availability and the 99th percentile of latency may be, such as `20%`. */
  readonly tolerance?: string | undefined
}

export const baselineEntries: {
  readonly [Member in keyof HeldToBaseline]-?: v.GenericSchema<unknown, string | undefined>
} = {
  baseline: v.optional(
    v.pipe(
      pathSchema,
      v.description('the --json output or the run.json of an earlier run; exit with 1 if the new result is worse'),
    ),
  ),
  tolerance: v.optional(
    v.pipe(
      v.string('must be a percentage'),
      v.regex(/^\d+(\.\d+)?%$/, 'must be a percentage, such as 20%'),
      v.description('percentage by which availability may be lower, and p99 higher, than in the baseline'),
    ),
  ),
}

/** The requirements for recordings of `chaos record`. */
export interface ConfiguredRecording extends HeldToBaseline {
  /** The required level, or `none`, which is the default. */
  readonly expect?: string | undefined
  /** Further requirements, in the form of `--require`. */
  readonly require?: readonly string[] | undefined
}

export const recordingSchema: v.GenericSchema = v.strictObject(
  { expect: draftEntries.expect, require: draftEntries.require, ...baselineEntries },
  'must be an object',
)
