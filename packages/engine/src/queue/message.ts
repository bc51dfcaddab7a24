import { environmentError, errorText, inputError } from '@chaosproxy/history'
import * as v from 'valibot'
import type { Doing, JobEnd } from '../jobs/job.ts'
import { packageVersion } from '../version.ts'
import type { AnyKind } from './kind.ts'
import { count } from './numbers.ts'
import { type Parcel, sentFiles } from './parcel.ts'

// The schemas of a job and of its end, as JSON.

const message = v.strictObject({
  version: v.string(),
  kind: v.string(),
  spec: v.unknown(),
  files: sentFiles,
  looks: v.optional(count),
  wanted: v.optional(count),
})

export const kindNamed = (kinds: readonly AnyKind[], name: string): AnyKind | undefined =>
  kinds.find(({ job }) => job.kind === name)

interface Order extends Pick<Doing, 'looks' | 'wanted'> {
  readonly kind: AnyKind
  readonly spec: unknown
  readonly files: Parcel['files']
}

export const printOrder = (
  kind: AnyKind,
  spec: object,
  { looks, wanted, files = [] }: Pick<Doing, 'looks' | 'wanted'> & { readonly files?: Parcel['files'] | undefined },
): object => ({ version: packageVersion(), kind: kind.job.kind, spec, files, looks, wanted })

/** @throws UserError (input) if the data is not a job of this version, or its kind is not one of `kinds`. */
export function readOrder(kinds: readonly AnyKind[], data: unknown): Order {
  const { version, kind: name, ...order } = understood(() => v.parse(message, data), 'this is not a job of chaos')
  if (version !== packageVersion())
    throw inputError(
      `the job comes from chaos ${version}, but this worker runs chaos ${packageVersion()}. Install the same version on both machines.`,
    )
  const kind = kindNamed(kinds, name)
  if (kind === undefined) throw inputError(`this is not a job of chaos: there is no kind ${JSON.stringify(name)}`)
  return { kind, ...order }
}

/**
 * @throws UserError (input) if the spec does not describe a job of this kind, or names a file that was not sent with
 * it.
 */
export const readSpec = (kind: AnyKind, spec: unknown, paths: ReadonlySet<string>): never =>
  understood(() => kind.readSpec(spec, paths), `this is not a job of the kind ${kind.job.kind}`) as never

const left = { reading: v.strictObject({ unit: count, calls: count, within: count }), described: v.string() }

const end = v.variant('type', [
  v.strictObject({ type: v.literal('done'), value: v.optional(v.unknown()) }),
  v.strictObject({ type: v.literal('stopped'), why: v.picklist(['hanging', 'memory']), ...left }),
  v.strictObject({ type: v.literal('failed'), error: v.string(), ...left }),
])

/** The end of a job as JSON, without an error's stack, which would reveal the worker's paths. */
export const printEnd = (ended: JobEnd<unknown>): object =>
  ended.type === 'failed'
    ? { ...ended, error: ended.error instanceof Error ? ended.error.message : String(ended.error) }
    : ended

/** @throws UserError (environment) if the data cannot come from a worker of this version. */
export function readEnd<Result>(data: unknown, readResult: (value: unknown) => Result): JobEnd<Result> {
  try {
    const read = v.parse(end, data)
    if (read.type === 'failed') return { ...read, error: new Error(read.error) }
    return read.type === 'done' ? { type: 'done', value: readResult(read.value) } : read
  } catch (error) {
    throw environmentError(`a worker returned an impossible result: ${whereOf(error)}`)
  }
}

function understood<Read>(read: () => Read, otherwise: string): Read {
  try {
    return read()
  } catch (error) {
    throw inputError(`${otherwise}: ${whereOf(error)}`)
  }
}

function whereOf(error: unknown): string {
  if (!(error instanceof v.ValiError)) return errorText(error)
  const [issue] = error.issues
  return `${v.getDotPath(issue) ?? 'the whole job'}: ${issue.message}`
}
