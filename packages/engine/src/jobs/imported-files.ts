import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PACKAGE_NAME } from '@chaosproxy/targets/user-file'
import { isFile } from '../references/user-files.ts'

interface Imported {
  /** The given files, and after them the imported files. */
  readonly files: readonly string[]
  /** Whether the list is certainly complete. */
  readonly areAll: boolean
}

const MOST_FILES = 1_000

const ENDINGS = ['.js', '.mjs', '.cjs', '.jsx', '.ts', '.mts', '.cts', '.tsx'] as const

// Every string that could be a path counts as the path of a file that a job reads. A file that the job does not need
// only changes the job's name, a hash that includes the files (see `jobName`). If a needed file were left out,
// different jobs could have the same name, and one could get the other's result.
const PATHS = /(["'`])(\.{1,2}(?:\/[^"'`\n]*)?|\/[^"'`\n]+|file:[^"'`\n]+)\1/g
const PACKAGES = /(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["'`]([^"'`./\n][^"'`\n]*)["'`]/g
/** An import of a computed path. */
const COMPUTED = /\b(?:import|require)\s*\(\s*(?:[^\s"'`)]|`[^`\n]*\$\{)/

/** Returns the files, and all that they import or read by a literal path. */
export function withImported(given: readonly string[]): Imported {
  const files = new Set(given.map((file) => resolve(file)))
  let areAll = true
  for (const file of files) {
    if (!(ENDINGS as readonly string[]).includes(extname(file))) continue
    const text = readFileSync(file, 'utf8')
    if (COMPUTED.test(text)) areAll = false
    for (const [, , path = ''] of text.matchAll(PATHS))
      for (const found of filesAt(path, dirname(file))) files.add(found)
    for (const [, specifier = ''] of text.matchAll(PACKAGES)) {
      const manifest = manifestOf(specifier, dirname(file))
      if (manifest === 'unknown') areAll = false
      else if (manifest !== undefined) files.add(manifest)
    }
    if (files.size > MOST_FILES) return { files: [...files], areAll: false }
  }
  return { files: [...files], areAll }
}

/** Returns every file that an import of this path may mean. */
function filesAt(path: string, directory: string): readonly string[] {
  const base = path.startsWith('file:') ? pathOfUrl(path) : resolve(directory, path)
  if (base === undefined) return []
  const stem = base.replace(/\.[cm]?jsx?$/, '')
  return [
    base,
    ...[...new Set([base, stem, join(base, 'index')])].flatMap((each) => ENDINGS.map((ending) => `${each}${ending}`)),
    ...['.json', '/index.json', '/package.json'].map((ending) => `${base}${ending}`),
  ].filter(isFile)
}

function pathOfUrl(url: string): string | undefined {
  try {
    return fileURLToPath(url)
  } catch {
    return undefined
  }
}

/**
 * Returns a package's `package.json`, which changes with each new version. Returns `unknown` if the package's files may
 * change without it, as in a linked package.
 */
function manifestOf(specifier: string, directory: string): string | 'unknown' | undefined {
  // An import of `chaosproxy` always means the running program, not a copy installed next to the importing file.
  if (specifier === PACKAGE_NAME) return undefined
  if (specifier.startsWith('#')) return 'unknown'
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  for (let at = directory; ; at = dirname(at)) {
    const manifest = join(at, 'node_modules', name, 'package.json')
    if (existsSync(manifest)) return realpathSync(manifest).includes('node_modules') ? manifest : 'unknown'
    if (dirname(at) === at) return undefined
  }
}
