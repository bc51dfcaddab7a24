import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type PackageRewrite, packageRewrite } from './package-rewrite.ts'

/**
 * Lets a package load its optional peers by computed names, as Sequelize loads its driver. Installed peers are bundled.
 */
export const optionalPeers: PackageRewrite = packageRewrite('optional-peers', (code, id) => {
  if (code.match(COMPUTED) === null || OWN.test(code)) return undefined
  const peers = peersOf(id)
  if (peers.length === 0) return undefined
  const cases = peers.map((peer) => `case ${JSON.stringify(peer)}: return require(${JSON.stringify(peer)});`)
  const chosen = `function ${CHOSEN}(name) { switch (name) { ${cases.join(' ')} } return require(name) }`
  return `${code.replace(COMPUTED, `${CHOSEN}($1)`)}\n${chosen}\n`
})

const CHOSEN = '__chaosRequirePeer'
const COMPUTED = /(?<![\w$.])require\(([A-Za-z_$][\w$]*)\)/g
/** Matches a definition of `require` in the file itself. Such a `require` may find modules in another way. */
const OWN = /\b(?:const|let|var|function)\s+require\b|\([^()]*\brequire\b[^()]*\)\s*(?:=>|\{)/
const PACKAGE = /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+(?=[/\\])/

function peersOf(file: string): readonly string[] {
  const manifest = join(PACKAGE.exec(file)?.[0] ?? '', 'package.json')
  if (!existsSync(manifest)) return []
  const { peerDependenciesMeta = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly peerDependenciesMeta?: { readonly [name: string]: { readonly optional?: boolean } }
  }
  const { resolve } = createRequire(file)
  return Object.keys(peerDependenciesMeta).filter((name) => {
    if (peerDependenciesMeta[name]?.optional !== true) return false
    try {
      resolve(name)
      return true
    } catch {
      return false
    }
  })
}
