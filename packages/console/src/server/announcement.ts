import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the address of a run's live page is, in the directory of the run, while that page is open. */
const LIVE_JSON = 'live.json'

/** Announces the live page of a run in its directory; what it returns takes that back. */
export function announce(directory: string, url: string): () => void {
  const path = join(directory, LIVE_JSON)
  try {
    // The address holds the token, so it is the owner's alone.
    writeFileSync(path, `${JSON.stringify({ url, pid: process.pid })}\n`, { mode: 0o600 })
  } catch {
    // It can be opened by the address that was printed.
    return () => {}
  }
  return () => rmSync(path, { force: true })
}

/** The address of a run's live page; undefined if there is none, or the process that announced it is gone. */
export function announcedIn(directory: string): string | undefined {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(join(directory, LIVE_JSON), 'utf8'))
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null || !('url' in json) || !('pid' in json)) return undefined
  const { url, pid } = json
  if (typeof url !== 'string' || typeof pid !== 'number' || !isAlive(pid)) return undefined
  return URL.canParse(url) && new URL(url).protocol === 'http:' ? url : undefined
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It belongs to another user, and so is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
