import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { packageVersion } from '../version.ts'
import type { Job } from './job.ts'

/**
 * The name of a job by its content: its kind, its spec whatever the order of members, the files that it reads, and this
 * program's version. Jobs of one name have one result.
 */
export function jobName<Spec extends object>({ kind, reads }: Job<Spec, unknown>, spec: Spec): string {
  const hash = createHash('sha256').update(JSON.stringify([packageVersion(), kind, sorted(spec)]))
  for (const file of reads(spec)) hash.update(createHash('sha256').update(readFileSync(file)).digest())
  return `${kind}-${hash.digest('hex').slice(0, 32)}`
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  )
}
