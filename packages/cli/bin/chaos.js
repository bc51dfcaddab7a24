#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs'

// The version is answered without loading anything else, so that scripts may ask for it freely.
if (process.argv.length === 3 && process.argv[2] === '--version') {
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
} else if (existsSync(new URL('../dist/main.js', import.meta.url))) {
  const { main } = await import('../dist/main.js')
  await main(process.argv.slice(2))
} else {
  console.error('chaos is not built yet, as after an install with --ignore-scripts. Build it once: npm run prepare')
  process.exitCode = 4
}
