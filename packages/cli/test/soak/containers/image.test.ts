import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { Toxiproxy } from 'toxiproxy-node-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../../../../testing/src/chaos.ts'
import { expectGone, kvServices, startPodman } from '../../../../testing/src/containers/podman.ts'

// Tests the container image that the manual describes, built by the manual's recipe. Nothing can be downloaded, so the
// base image is empty, and node and all other programs are those of this machine.

const manual = readFileSync(join(root, 'packages', 'cli', 'docs', 'containers.md'), 'utf8')
const [, section = ''] = /## In an image\n(.*?)\n## /s.exec(manual) ?? []
const block = (language: string, index = 0): string =>
  [...section.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))][index]?.[1] ?? ''

const { directory, isPossible, programs, say, project, network, end } = startPodman()
const hasClient = spawnSync('docker', ['--version']).status === 0

/** Packages that are installed here for tests, but not by `npm install chaosproxy`. */
const PEERS = /node_modules\/(@aws|@smithy|@modelcontextprotocol|bullmq|ioredis|typescript|@typescript)/

/** Installs the same packages as `npm install chaosproxy`. */
function install(context: string): void {
  const listed = spawnSync('npm', ['ls', '--omit=dev', '--parseable', '--all', '--workspace', 'chaosproxy'], {
    ...{ cwd: root, encoding: 'utf8' },
  })
  const needed = listed.stdout
    .split('\n')
    .filter((path) => path.startsWith(join(root, 'node_modules')) && !PEERS.test(path))
  for (const path of needed) {
    const to = join(context, relative(root, path))
    mkdirSync(dirname(to), { recursive: true })
    cpSync(path, to, { recursive: true, verbatimSymlinks: true })
  }
  for (const name of spawnSync('ls', [join(root, 'packages')], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n'))
    for (const part of ['package.json', 'bin', 'bundle', 'dist']) {
      const from = join(root, 'packages', name, part)
      if (existsSync(from)) cpSync(from, join(context, 'packages', name, part), { recursive: true })
    }
}

describe.runIf(isPossible)('the container image of the manual', () => {
  let shop = ''
  beforeAll(() => {
    install(join(directory, 'image'))
    writeFileSync(join(directory, 'Containerfile'), block('dockerfile'))
    const [, build = ''] = block('text').trim().split('\n')
    expect(build).toMatch(/^docker build /)
    say(build.replace('docker build', 'podman build --build-arg NODE=localhost/kv'))
    shop = project('shop', kvServices())
    say('podman-compose -f compose.yaml up -d', shop)
  }, 300_000)
  afterAll(end, 300_000)

  const published = (port: number) => say(`podman port proxy ${port}`)

  test('the container image serves a client of Toxiproxy at the ports that Testcontainers uses', async () => {
    say(
      `podman run -d --name proxy --network ${network('shop')} --publish 127.0.0.1::8474 --publish 127.0.0.1::8666 chaos`,
    )
    const toxiproxy = new Toxiproxy(`http://${published(8474)}`)
    await expect.poll(() => toxiproxy.getVersion().catch(String), { timeout: 30_000 }).toMatch(/"version"/)
    const proxy = await toxiproxy.createProxy({ name: 'n1', listen: '0.0.0.0:8666', upstream: 'n1:7000' })
    const health = () =>
      fetch(`http://${published(8666)}/health`, { signal: AbortSignal.timeout(2_000) }).then(
        ({ status }) => status,
        () => 'nothing',
      )
    await expect.poll(health, { timeout: 30_000 }).toBe(200)
    await proxy.update({ ...proxy.toJson(), enabled: false })
    expect(await health()).toBe('nothing')
    await proxy.update({ ...proxy.toJson(), enabled: true })
    const cut = await proxy.addToxic({
      ...({ name: 'cut', type: 'bandwidth', stream: 'downstream', toxicity: 1 } as const),
      attributes: { rate: 0 },
    })
    expect(await health()).toBe('nothing')
    await cut.remove()
    await expect.poll(health, { timeout: 30_000 }).toBe(200)
    say('podman rm --force --time 0 proxy')
  })

  test.runIf(hasClient)('the image attaches to a Compose project if only the engine socket is mounted', async () => {
    const socket = join(directory, 'engine.sock')
    const service = spawn(join(programs, 'podman'), ['system', 'service', '--time', '0', `unix://${socket}`], {
      stdio: 'ignore',
    })
    try {
      await expect.poll(() => existsSync(socket), { timeout: 30_000 }).toBe(true)
      const line = block('text', 1).trim()
      expect(line).toMatch(/^docker run .*\/var\/run\/docker\.sock:\/var\/run\/docker\.sock/)
      const declaration = JSON.parse(/```json\n(.*?)```/s.exec(manual)?.[1] ?? '')
      writeFileSync(join(shop, 'shop.json'), JSON.stringify(declaration))
      const said = say(
        `${line.replace('docker run', `podman run --tmpfs /tmp --env PATH=${process.env['PATH']}`).replace('/var/run/docker.sock:', `${socket}:`)} 2>&1 || true`,
        shop,
      )
      expect(said).toContain('expected linearizable, found linearizable')
      expect(said).toMatch(/faults that took effect: .*kill.*partition/)
      expect(said).not.toContain('could not be injected')
      await expectGone('shop')
    } finally {
      service.kill()
    }
  })
})
