import { findModel } from '@chaosproxy/checker'
import { formats, type Json, millis } from '@chaosproxy/history'
import { isStored } from '@chaosproxy/history/files'
import * as v from 'valibot'
import type { QueuedKind } from '../queue/kind.ts'
import { count } from '../queue/numbers.ts'
import { sha256Text } from '../queue/parcel.ts'
import { cargoOf, hereOrFetched } from './cargo.ts'
import { MOST_PLACES } from './dealing.ts'
import { type ShardResult, type ShardSpec, shardJob } from './shard.ts'

const MOST_SHARDS = 10_000
const MOST_PARTS = 100_000
const MOST_VALUES = 4

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(4_096))
const path = v.pipe(
  text,
  v.check((given) => given.startsWith('/') || /^[A-Za-z]:\\/.test(given), 'is not an absolute path'),
)

const address = v.pipe(text, v.check(isStored, 'is not an address in a store'))

const recording = v.union([
  v.strictObject({
    file: path,
    parts: v.pipe(
      v.array(v.strictObject({ path, bytes: count, sha256: sha256Text })),
      v.minLength(1),
      v.maxLength(MOST_PARTS),
    ),
  }),
  v.strictObject({
    file: address,
    parts: v.pipe(
      v.array(v.strictObject({ path: address, bytes: count, etag: text })),
      v.minLength(1),
      v.maxLength(MOST_PARTS),
    ),
  }),
])

const settings = v.pipe(
  v.strictObject({
    initial: v.optional(v.custom<Json>((given) => given !== undefined)),
    model: v.optional(text),
    levels: v.optional(v.array(text)),
    format: v.optional(v.picklist(formats)),
    keyed: v.optional(v.boolean()),
    ordering: v.optional(
      v.strictObject({
        by: v.optional(v.picklist(['lines', 'time'])),
        toleranceNanos: v.optional(v.pipe(v.number(), v.minValue(0))),
        clockNanos: v.optional(v.pipe(v.number(), v.minValue(1))),
        skewNanos: v.optional(v.pipe(v.number(), v.minValue(0))),
      }),
    ),
    failedCas: v.picklist(['auto', 'drop', 'observes']),
    timeoutMs: v.pipe(v.number(), v.minValue(0), v.maxValue(86_400_000), v.transform(millis)),
    memoryBytes: v.pipe(v.number(), v.minValue(0), v.finite()),
  }),
  v.transform(({ initial, model, levels, format, keyed, ...given }): ShardSpec['settings'] => ({
    ...{ initial, model, levels, format, keyed, ...given },
  })),
)

const shardSpec: v.GenericSchema<unknown, ShardSpec> = v.pipe(
  v.strictObject({
    recording,
    settings,
    shard: count,
    of: v.pipe(count, v.minValue(1), v.maxValue(MOST_SHARDS)),
    places: v.optional(v.pipe(count, v.minValue(1), v.maxValue(MOST_PLACES))),
  }),
  v.check(({ shard, of }) => shard < of, 'there is no such shard'),
)

const key = v.nullable(v.string())

/**
 * Values whose operations are not linearizable even without the operations of other values. Absent if the violation
 * needs all values.
 */
const values = v.optional(v.pipe(v.array(v.nullable(v.number())), v.minLength(1), v.maxLength(MOST_VALUES)))

const unknown = v.strictObject({
  result: v.literal('unknown'),
  limit: v.picklist(['time', 'memory']),
  undecided: count,
  keys: count,
})

const apart = v.variant('result', [
  v.strictObject({
    result: v.literal('met'),
    unknown: count,
    happened: count,
    isJoined: v.boolean(),
    finally: v.strictObject({
      read: count,
      unread: count,
      firstUnread: v.pipe(v.array(v.strictObject({ key, call: count })), v.maxLength(3)),
    }),
    contrary: v.array(v.picklist(['eventual', 'convergent'])),
  }),
  v.strictObject({
    result: v.literal('violated'),
    keys: v.pipe(v.array(v.strictObject({ key, values })), v.minLength(1), v.maxLength(MOST_PLACES)),
  }),
  unknown,
  v.strictObject({ result: v.literal('whole'), why: v.string() }),
])

const signs = v.strictObject({ hasNews: v.boolean(), leavesOut: v.boolean() })

const shardResult: v.GenericSchema<unknown, ShardResult> = v.variant('result', [
  v.strictObject({ result: v.literal('met') }),
  v.strictObject({ result: v.literal('violated'), key: v.nullable(v.string()) }),
  v.strictObject({ result: v.literal('violated part'), part: count }),
  v.strictObject({ result: v.literal('apart'), shown: v.strictObject({ answer: apart, signs }) }),
  unknown,
])

/** Whether this type of result occurs only if registers are judged. */
const isOfKeys = ({ result }: ShardResult): boolean => result === 'violated' || result === 'apart'

/** Jobs that judge some keys of a recording. */
export const shardKind: QueuedKind<ShardSpec, ShardResult> = {
  job: shardJob,
  script: 'check-worker',
  readSpec(data, paths) {
    const spec = v.parse(shardSpec, data)
    const { model } = spec.settings
    if (model !== undefined && findModel(model) === undefined && !paths.has(model))
      throw new Error(`settings.model: no model ${model}`)
    return spec
  },
  readResult(data, { settings: { model }, shard, of }) {
    const found = v.parse(shardResult, data)
    const isOwn = model !== undefined && findModel(model) === undefined
    const isOther = found.result === 'violated part' ? !isOwn || found.part % of !== shard : isOwn && isOfKeys(found)
    if (isOther) throw new Error('it concerns other parts of the recording than requested')
    return found
  },
  title: ({ recording: { file }, shard, of }) => `keys ${shard + 1}/${of} of ${file}`,
  isPassing: (found) => (found.result === 'apart' ? found.shown.answer.result : found.result) === 'unknown',
  cargo: ({ recording }) => cargoOf(recording),
  bring: async (spec, store) => ({ ...spec, recording: await hereOrFetched(spec.recording, store) }),
}
