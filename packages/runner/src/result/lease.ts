import { type Header, millis, millisToNanos, type Nanos } from '@chaosproxy/history'
import { numberAt, textAt } from './parsed.ts'

export interface Lease {
  readonly nanos: Nanos
  /** The setting that defines the lease: `lock-ms`. */
  readonly setting: string
}

/** The member of a history's header that contains the lease. */
const MEMBER = 'lease'
/** Upper limit of a lease: 366 days. This program never writes a longer lease. */
const LONGEST_MS = 366 * 86_400_000

/** Returns the header member with the lease of the target's locks; undefined if no lease is declared. */
export function leaseMember(
  declared: readonly { readonly name: string; readonly isLeaseMs?: true | undefined }[],
  chosen: { readonly [setting: string]: unknown },
): Header['extra'] {
  const setting = declared.find(({ isLeaseMs }) => isLeaseMs === true)?.name
  const ms = setting === undefined ? undefined : chosen[setting]
  return setting === undefined || typeof ms !== 'number' ? undefined : { [MEMBER]: { setting, ms } }
}

/** Returns the lease of the locks in a history; undefined if its header has none, or one of another form. */
export function leaseOfHeader(header: Header | undefined): Lease | undefined {
  const [setting, ms] = [textAt(header?.extra, MEMBER, 'setting'), numberAt(header?.extra, MEMBER, 'ms')]
  return setting !== undefined && ms !== undefined && ms > 0 && ms <= LONGEST_MS
    ? { setting, nanos: millisToNanos(millis(ms)) }
    : undefined
}
