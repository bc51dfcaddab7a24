import { type Header, type Json, millis, millisToNanos, type Nanos } from '@chaosproxy/history'

/** How long a lock lasts that nobody releases. */
export interface Lease {
  readonly nanos: Nanos
  /** The setting that says so, as users know it: `lock-ms`. */
  readonly setting: string
}

/** The member of a history's header that keeps it. */
const MEMBER = 'lease'
/** A year; what is longer was not written here. */
const LONGEST_MS = 366 * 86_400_000

/** What a history's header says of the leases of a target's locks, for whoever reads the history later. */
export function leaseMember(
  declared: readonly { readonly name: string; readonly isLeaseMs?: true | undefined }[],
  chosen: { readonly [setting: string]: unknown },
): Header['extra'] {
  const setting = declared.find(({ isLeaseMs }) => isLeaseMs === true)?.name
  const ms = setting === undefined ? undefined : chosen[setting]
  return setting === undefined || typeof ms !== 'number' ? undefined : { [MEMBER]: { setting, ms } }
}

/** The lease of the locks that a history is about; undefined if its header tells of none, or in another form. */
export function leaseOfHeader(header: Header | undefined): Lease | undefined {
  const lease = header?.extra?.[MEMBER]
  if (!isObject(lease)) return undefined
  const { setting, ms } = lease
  return typeof setting === 'string' && typeof ms === 'number' && ms > 0 && ms <= LONGEST_MS
    ? { setting, nanos: millisToNanos(millis(ms)) }
    : undefined
}

const isObject = (json: Json | undefined): json is { readonly [member: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
