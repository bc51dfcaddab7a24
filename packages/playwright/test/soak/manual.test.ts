import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const root = join(import.meta.dirname, '../../../..')
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** Copies our packages, as npm does: Playwright would compile linked packages. */
function install(nodeModules: string): void {
  mkdirSync(join(nodeModules, '@chaosproxy'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules')).filter((each) => !/^(\..*|@?chaosproxy)$/.test(each)))
    symlinkSync(join(root, 'node_modules', name), join(nodeModules, name))
  for (const row of readdirSync(join(root, 'packages'))) {
    const installed = join(nodeModules, row === 'cli' ? 'chaosproxy' : `@chaosproxy/${row}`)
    for (const part of ['package.json', 'dist', 'bundle'].filter((each) =>
      existsSync(join(root, 'packages', row, each)),
    ))
      cpSync(join(root, 'packages', row, part), join(installed, part), { recursive: true })
  }
}

test.skipIf(executablePath === undefined)("the chat test in the manual passes under Playwright's runner", async () => {
  const manual = readFileSync(join(root, 'packages', 'cli', 'docs', 'browsers.md'), 'utf8')
  const directory = mkdtempSync(join(tmpdir(), 'chaos-browsers-'))
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  install(join(directory, 'node_modules'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, 'chat.spec.ts'), /```ts\n(.*?)```/s.exec(manual)?.[1] ?? '')
  const launchOptions = { executablePath, args: ['--no-sandbox'] }
  const config = {
    testDir: directory,
    reporter: 'line',
    outputDir: join(directory, 'results'),
    use: { launchOptions },
  }
  writeFileSync(join(directory, 'playwright.config.mjs'), `export default ${JSON.stringify(config)}`)
  const runner = join(root, 'node_modules', '@playwright', 'test', 'cli.js')
  const child = spawn(process.execPath, [runner, 'test', '--config', join(directory, 'playwright.config.mjs')], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, VITEST: undefined, NODE_OPTIONS: undefined },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk
    })
  const [code] = await once(child, 'close')
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('1 passed') })
})
