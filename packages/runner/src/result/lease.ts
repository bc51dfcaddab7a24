import { type Header, millis, millisToNanos, type Nanos } from '@chaosproxy/history'
import { numberAt, textAt } from './parsed.ts'

export interface Lease {
  readonly nanos: Nanos
  /** The setting that defines the lease: `lock-ms`. */
  readonly setting: string
}

const MEMBER = 'lease'
/** This program never writes a longer lease than 366 days. */
const LONGEST_MS = 366 * 86_400_000

/** Returns the header member for the lease of the target's locks. */
export function leaseMember(
  declared: readonly { readonly name: string; readonly isLeaseMs?: true | undefined }[],
  chosen: { readonly [setting: string]: unknown },
): Header['extra'] {
  const setting = declared.find(({ isLeaseMs }) => isLeaseMs === true)?.name
  const ms = setting === undefined ? undefined : chosen[setting]
  return setting === undefined || typeof ms !== 'number' ? undefined : { [MEMBER]: { setting, ms } }
}

/** Returns the lease of the locks in a history. */
export function leaseOfHeader(header: Header | undefined): Lease | undefined {
  const [setting, ms] = [textAt(header?.extra, MEMBER, 'setting'), numberAt(header?.extra, MEMBER, 'ms')]
  return setting !== undefined && ms !== undefined && ms > 0 && ms <= LONGEST_MS
    ? { setting, nanos: millisToNanos(millis(ms)) }
    : undefined
}
