import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const packages = join(import.meta.dirname, '..', 'packages')

interface Manifest {
  readonly name: string
  readonly exports: { readonly [subpath: string]: string | { readonly default: string } }
}

/** For each export of a package, an alias to its source file, so that tests run on sources, without a build. */
export const sources: { readonly find: RegExp; readonly replacement: string }[] = readdirSync(packages).flatMap(
  (row) => {
    const { name, exports }: Manifest = JSON.parse(readFileSync(join(packages, row, 'package.json'), 'utf8'))
    return Object.entries(exports).flatMap(([subpath, target]) => {
      if (typeof target === 'string') return []
      const source = target.default.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts')
      return [{ find: new RegExp(`^${name}${subpath.slice(1)}$`), replacement: join(packages, row, source) }]
    })
  },
)
