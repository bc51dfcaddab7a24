import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { foundJson } from '@chaosproxy/engine/run'

/** Holds the address of a run's live page while that page is open. */
const LIVE_JSON = 'live.json'

/** Announces a run's live page in the run's directory, until the returned function is called. */
export function announce(directory: string, url: string): () => void {
  const path = join(directory, LIVE_JSON)
  try {
    // Only the owner may read the file, because the address contains the token.
    writeFileSync(path, `${JSON.stringify({ url, pid: process.pid })}\n`, { mode: 0o600 })
  } catch {
    // The file was not written, so it need not be removed later. Users can still open the page by its printed address.
    return () => {}
  }
  return () => rmSync(path, { force: true })
}

/**
 * Returns the address of a run's live page, if the process of the run still exists. Accepts only loopback addresses and
 * the address `host`, so that a run's directory from a stranger cannot contain a link to another host.
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

/** A loopback host, as URLs normalize it. */
const LOOPBACK = /^(?:127(?:\.\d+){3}|localhost|\[::1\])$/

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
