import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ManagedProxy } from '@chaosproxy/proxy/control'

/**
 * Writes the authorities that clients of these proxies must trust, in PEM. Returns the variables that name the file to
 * a command: `CHAOS_CA`, and `NODE_EXTRA_CA_CERTS`, by which Node trusts them. None if no proxy made a certificate.
 */
export function writeAuthorities(
  proxies: readonly Pick<ManagedProxy, 'authority'>[],
  path: () => string,
): { readonly [name: string]: string } {
  const authorities = proxies.flatMap(({ authority }) => authority ?? [])
  if (authorities.length === 0) return {}
  const written = path()
  const before = process.env['NODE_EXTRA_CA_CERTS']
  writeFileSync(written, [...authorities, ...(before === undefined ? [] : [textOf(before)])].join('\n'))
  return { CHAOS_CA: written, NODE_EXTRA_CA_CERTS: written }
}

/** Node ignores a file that it cannot read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** A file in a directory of its own, made when its path is first asked for. */
export function temporaryFile(name: string): { path(): string; remove(): void } {
  let directory: string | undefined
  return {
    path() {
      directory ??= mkdtempSync(join(tmpdir(), 'chaos-'))
      return join(directory, name)
    },
    remove() {
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
    },
  }
}
