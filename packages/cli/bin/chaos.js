#!/usr/bin/env node
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'

// The version is answered without loading anything else, so that scripts may ask for it freely.
if (process.argv.length === 3 && process.argv[2] === '--version') {
  // As elsewhere: output that is lost is a broken environment, and what a reader closed early is not lost.
  process.stdout.on('error', ({ code }) => {
    if (code !== 'EPIPE') process.exitCode = 4
  })
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
} else if (existsSync(new URL('../dist/main.js', import.meta.url))) {
  const { main } = await import(isBundleFresh() ? '../bundle/main.js' : '../dist/main.js')
  await main(process.argv.slice(2))
} else {
  console.error('chaos is not built yet, as after an install with --ignore-scripts. Build it once: npm run prepare')
  process.exitCode = 4
}

/** In a clone, something may have been built since the bundle was made. */
function isBundleFresh() {
  const modified = (path) => statSync(new URL(path, import.meta.url), { throwIfNoEntry: false })?.mtimeMs
  const bundled = modified('../bundle/main.js')
  if (bundled === undefined || modified('../dist/.tsbuildinfo') === undefined) return bundled !== undefined
  const packages = readdirSync(new URL('../..', import.meta.url))
  return packages.every((name) => (modified(`../../${name}/dist/.tsbuildinfo`) ?? 0) <= bundled)
}
