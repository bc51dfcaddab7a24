import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { foundJson } from '@chaosproxy/engine/run'

/** The file with the address of a run's live page, in the run's directory, while that page is open. */
const LIVE_JSON = 'live.json'

/** Announces the live page of a run in the run's directory. Returns a function that withdraws the announcement. */
export function announce(directory: string, url: string): () => void {
  const path = join(directory, LIVE_JSON)
  try {
    // The address contains the token, so only the owner may read it.
    writeFileSync(path, `${JSON.stringify({ url, pid: process.pid })}\n`, { mode: 0o600 })
  } catch {
    // Without the announcement, the page can still be opened by its printed address.
    return () => {}
  }
  return () => rmSync(path, { force: true })
}

/**
 * Returns the address of a run's live page; undefined if there is no page, or if its process has ended. Also returns
 * undefined for an address that is neither on this machine's loopback nor on `host`: a directory from strangers cannot
 * link to other addresses.
 */
export function announcedIn(directory: string, host = ''): string | undefined {
  const json = foundJson(join(directory, LIVE_JSON))
  if (typeof json !== 'object' || json === null || !('url' in json) || !('pid' in json)) return undefined
  const { url, pid } = json
  if (typeof url !== 'string' || typeof pid !== 'number' || !isAlive(pid)) return undefined
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, username, password } = new URL(url)
  const isPlain = protocol === 'http:' && username === '' && password === ''
  return isPlain && (LOOPBACK.test(hostname) || hostname === host) ? url : undefined
}

/** Matches a loopback host as it appears in URLs, which normalize other spellings. */
const LOOPBACK = /^(?:127(?:\.\d+){3}|localhost|\[::1\])$/

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process belongs to another user, so it exists.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
