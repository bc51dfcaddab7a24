import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { foundJson } from '@chaosproxy/engine/run'

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

/**
 * The address of a run's live page; undefined if there is none, the process that announced it is gone, or it is neither on
 * this machine's loopback nor on `host`: a directory of strangers links nowhere else.
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

/** As URLs have them, in which other spellings of an address have become this one. */
const LOOPBACK = /^(?:127(?:\.\d+){3}|localhost|\[::1\])$/

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
