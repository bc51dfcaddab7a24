import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { packageVersion } from '../version.ts'
import { withImported } from './imported-files.ts'
import type { Job } from './job.ts'

const NOBODY_KNOWS = { files: [], areAll: false } as const

/**
 * Names a job by its content: the spec, the files with their imports, and the version. Jobs of one name have the same
 * result. If the files are unknown, the name is unique.
 */
export function jobName<Spec extends object>(
  { kind, reads }: Pick<Job<Spec, unknown>, 'kind' | 'reads'>,
  spec: Spec,
): string {
  const hash = createHash('sha256').update(JSON.stringify([packageVersion(), kind, sorted(spec)]))
  const read = reads(spec)
  const { files, areAll } = read === undefined ? NOBODY_KNOWS : withImported(read)
  for (const file of files) hash.update(createHash('sha256').update(readFileSync(file)).digest())
  if (!areAll) hash.update(randomUUID())
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
