#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs'
import * as module from 'node:module'
import { fileURLToPath } from 'node:url'

// Answers `--version` without loading the rest of the program, so that scripts can ask for it cheaply.
if (process.argv.length === 3 && process.argv[2] === '--version') {
  // For every command, output that cannot be written means a broken environment. EPIPE is no error, because the reader
  // closed the pipe early.
  process.stdout.on('error', ({ code }) => {
    if (code !== 'EPIPE') process.exitCode = 4
  })
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
} else if (existsSync(new URL('../dist/main.js', import.meta.url))) {
  // By default, Node would exit with 1, the code for a violated expectation.
  const failed = (error) => {
    console.error(error)
    process.exit(4)
  }
  process.once('uncaughtException', failed)
  // Available since Node 22.1. It has no effect if its directory is not writable. NODE_DISABLE_COMPILE_CACHE=1 turns it
  // off.
  module.enableCompileCache?.()
  const { isBundleFresh } = await import('@chaosproxy/targets/bundle-freshness')
  const isFresh = isBundleFresh(fileURLToPath(new URL('..', import.meta.url)), 'main.js')
  const { runProcess } = await import(isFresh ? '../bundle/main.js' : '../dist/main.js')
  process.off('uncaughtException', failed)
  await runProcess(process.argv.slice(2))
} else {
  console.error('chaos is not built yet, as after an install with --ignore-scripts. Build it once: npm run prepare')
  process.exitCode = 4
}
