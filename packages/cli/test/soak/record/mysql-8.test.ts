import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UNREADABLE } from '../../../../wire/src/mysql/layout.ts'
import { startProxy } from '../../proxy-process.ts'
import { PASSWORD, startMysql8, USERS } from '../../record/mysql-8-server.ts'

// Third-party clients log in with the methods of MySQL 8, through a proxy that hides the server's TLS capability.

const SETTINGS = { kind: 'mysql', tables: { accounts: { key: 'id', values: ['balance'] } }, indirect: 'none' }

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'chaos-mysql-8-'))
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
  cpSync(join(import.meta.dirname, '../../record/mysql-8-logins.mjs'), join(directory, 'mysql-8-logins.mjs'))
  execFileSync('npm', ['install', '--no-audit', '--no-fund', 'mysql2@3', 'mariadb@3'], {
    ...{ cwd: directory, stdio: 'ignore', timeout: 180_000 },
  })
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test.each(['mysql2', 'mariadb'] as const)(
  'MySQL 8 is recorded with every login method of the client %s',
  async (driver) => {
    // The library mariadb does not support a second factor.
    const users = USERS.filter((user) => driver === 'mysql2' || user !== 'factors')
    const { address, chosen } = await startMysql8()
    const out = join(directory, driver)
    const { url, child, finished } = await startProxy([
      ...['--listen', '127.0.0.1:0', '--upstream', `mysql://${address}`, '--record', JSON.stringify(SETTINGS)],
      ...['--out', out],
    ])
    const [proxy] = (await (await fetch(`${url}/v1/proxies`)).json()) as { readonly listen: string }[]
    const args = ['mysql-8-logins.mjs', driver, proxy!.listen.split(':')[1]!, PASSWORD, ...users]
    await promisify(execFile)(process.execPath, args, { cwd: directory })
    child.kill('SIGTERM')
    const { stdout, stderr } = await finished
    expect(stdout, stderr).toContain(`recorded ${users.length} operations (${users.length} ok,`)
    const history = readFileSync(join(out, readdirSync(out)[0]!, 'history.jsonl'), 'utf8')
    for (const user of users) expect(history).toContain(`"session":"${user}"`)
    expect(history).not.toContain('not-understood')
    expect(chosen).toHaveLength(users.length)
    for (const capabilities of chosen) expect(capabilities & UNREADABLE).toBe(0)
  },
)
