import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { createRandom } from '@chaosproxy/faults'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectGone, kvServices, onMachine, service, startPodman } from '../../../../testing/src/containers/podman.ts'
import { eventually } from '../../../../testing/src/real-cluster.ts'
import { declaredClusters, targetOf } from '../../cluster/clusters.ts'

// Tests with real containers of a project that was started without chaos.

const { directory, isPossible, programs, say, project, network, end } = startPodman()
const ok = (value: number | null) => ({ type: 'ok', value })

const client = {
  kind: 'http',
  routes: {
    routes: [
      { request: 'GET /items/{key}', f: 'read', result: 'json.item' },
      { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
    ],
  },
}

describe.runIf(isPossible)('containers of a Compose project', () => {
  const { start } = declaredClusters()
  const path = process.env['PATH']
  const shop = join(directory, 'shop')
  const declaration = {
    compose: join(shop, 'compose.yaml'),
    nodes: ['n1', 'n2', 'n3'],
    port: 7000,
    ready: { by: 'http', path: '/health' },
    client,
  }

  beforeAll(() => {
    process.env['PATH'] = [programs, path].join(delimiter)
    const db = service('db', 'node /server.mjs --name n1 --data /data --listen 0.0.0.0:9000 --peer 0.0.0.0:9001')
    project('shop', [...kvServices('--async --local'), db])
    say('podman-compose -f compose.yaml up -d', shop)
  }, 120_000)
  afterAll(async () => {
    process.env['PATH'] = path
    await end()
  }, 120_000)

  const addressOf = (container: string) =>
    say(`podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' ${container}`)
  const started = () => say(`podman ps --format '{{.Names}} {{.StartedAt}}' | sort`)
  const between = (from: string, to: string) => ({ from, to })
  /** Returns the status of a request that a program in a container sends to another container. */
  const get = async (from: string, url: string): Promise<string> => {
    const script = `fetch('${url}', { signal: AbortSignal.timeout(3000) }).then((r) => console.log(r.status), (e) => console.log(e.name))`
    // Runs asynchronously, because `say` would block this process, whose proxy carries the connection.
    const { stdout } = await promisify(execFile)('podman', ['exec', `shop_${from}_1`, 'node', '-e', script], {
      timeout: 60_000,
    })
    return stdout.trim()
  }

  test('containers of a Compose project are in their original state after the run', async () => {
    const before = started()
    const { write, read, cluster } = await start(declaration)
    expect(await write('n1', 'first', 7)).toEqual(ok(7))
    await eventually(async () => expect(await read('n3', 'first')).toEqual(ok(7)))
    expect(onMachine('shop')).not.toEqual([])
    await new Promise<void>((resolve) => cluster.stop(resolve))
    await expectGone('shop')
    expect(started()).toBe(before)
  })

  test('containers of a Compose project are partitioned pairwise although they dial each other by name', async () => {
    const { write, read, inject } = await start(declaration)
    const heal = await inject({ kind: 'partition', links: [between('n1', 'n3'), between('n3', 'n1')], mode: 'hold' })
    expect(await write('n1', 'cut', 1)).toEqual(ok(1))
    await eventually(async () => expect(await read('n2', 'cut')).toEqual(ok(1)))
    expect(await read('n3', 'cut')).toEqual(ok(null))
    await heal()
    await eventually(async () => expect(await read('n3', 'cut')).toEqual(ok(1)))
  })

  test('containers are reached at their new addresses after a kill', async () => {
    const { write, read, inject } = await start(declaration)
    const address = () => addressOf('shop_n3_1')
    const first = address()
    const revive = await inject({ kind: 'kill', nodes: ['n3'] })
    expect(await read('n3', 'moved')).toMatchObject({ type: 'fail' })
    // The engine releases a container's address some time after the container has ended. A container restarted before
    // this would keep its address.
    await eventually(async () => expect(address()).toBe(''))
    expect(await revive()).toEqual({ type: 'healed', hits: 1 })
    expect(address()).not.toBe(first)
    await inject({ kind: 'partition', links: [between('n1', 'n3')], mode: 'drop' })
    expect(await write('n1', 'moved', 2)).toEqual(ok(2))
    await eventually(async () => expect(await read('n2', 'moved')).toEqual(ok(2)))
    expect(await read('n3', 'moved')).toEqual(ok(null))
  })

  test('containers are paused by the engine, and continue when the run stops', async () => {
    const { inject, cluster } = await start(declaration)
    const state = () => say(`podman inspect --format '{{.State.Status}}' shop_n2_1`)
    await inject({ kind: 'pause', nodes: ['n2'] })
    expect(state()).toBe('paused')
    await new Promise<void>((resolve) => cluster.stop(resolve))
    expect(state()).toBe('running')
  })

  const inspected = (format: string) => say(`podman inspect --format '${format}' shop_n2_1`)

  test('containers are stopped by a stop fault, and started again by the heal', async () => {
    const { inject, read } = await start(declaration)
    const heal = await inject({ kind: 'stop', nodes: ['n2'] })
    expect(inspected('{{.State.Status}}')).toBe('exited')
    expect(await heal()).toEqual({ type: 'healed', hits: 1 })
    expect(await read('n2', 'stopped')).toEqual(ok(null))
  })

  test('containers are restarted by a restart fault, and serve again after the heal', async () => {
    const { inject, read } = await start(declaration)
    const before = inspected('{{.State.StartedAt}}')
    const heal = await inject({ kind: 'restart', nodes: ['n2'] })
    expect(await heal()).toEqual({ type: 'healed', hits: 1 })
    expect(inspected('{{.State.StartedAt}}')).not.toBe(before)
    expect(await read('n2', 'restarted')).toEqual(ok(null))
  })

  test('containers get signals, and run again after the heal even if a signal ended them', async () => {
    const { inject } = await start(declaration)
    const state = () => say(`grep State: /proc/$(podman inspect --format '{{.State.Pid}}' shop_n2_1)/status`)
    const goOn = await inject({ kind: 'signal', nodes: ['n2'], signal: 'SIGSTOP' })
    expect(state()).toContain('stopped')
    expect(await goOn()).toEqual({ type: 'healed', hits: 1 })
    expect(state()).not.toContain('stopped')
    const heal = await inject({ kind: 'signal', nodes: ['n2'], signal: 'SIGUSR1' })
    say('podman kill shop_n2_1')
    expect(await heal()).toEqual({ type: 'healed', hits: 1 })
    expect(inspected('{{.State.Status}}')).toBe('running')
  })

  test('containers have less CPU and memory under limit faults until the heal', async () => {
    const { inject } = await start(declaration)
    const groups = () => say('cat /proc/$(podman inspect --format {{.State.Pid}} shop_n2_1)/cgroup').split('\n')
    const limit = (controller: string, version1: string, version2: string) => {
      const [first, second] = [`,?${controller},?`, ''].map(
        (name) =>
          groups()
            .find((line) => new RegExp(`^\\d+:(.*[^a-z])?${name}([^a-z].*)?:`).test(line))
            ?.split(':')[2],
      )
      const path = first === undefined ? `${second}/${version2}` : `/${controller}${first}/${version1}`
      return say(`cat /sys/fs/cgroup${path}`)
    }
    const cpu = () => limit('cpu', 'cpu.cfs_quota_us', 'cpu.max')
    const memory = () => limit('memory', 'memory.limit_in_bytes', 'memory.max')
    const [freely, wholly] = [cpu(), memory()]
    const faster = await inject({ kind: 'limit-cpu', nodes: ['n2'], share: 0.2 })
    const more = await inject({ kind: 'limit-memory', nodes: ['n2'], limitBytes: 512 * 1024 * 1024 })
    expect(cpu()).toMatch(/^20000\b/)
    expect(memory()).toBe(String(512 * 1024 * 1024))
    expect(await faster()).toEqual({ type: 'healed', hits: 1 })
    // What was unlimited before the fault is unlimited again.
    expect(cpu()).toBe(freely)
    expect(await more()).toEqual({ type: 'healed', hits: 1 })
    expect(memory()).toBe(wholly)
  })

  test('containers can be cut off from a service that is not a node', async () => {
    const { inject } = await start(declaration)
    await expect.poll(() => get('n1', 'http://db:9000/health'), { timeout: 30_000 }).toBe('200')
    const heal = await inject({ kind: 'partition', links: [between('n1', 'db'), between('db', 'n1')], mode: 'hold' })
    expect(await get('n1', 'http://db:9000/health')).toBe('TimeoutError')
    await expect.poll(() => get('n2', 'http://db:9000/health'), { timeout: 30_000 }).toBe('200')
    await heal()
    await expect.poll(() => get('n1', 'http://db:9000/health'), { timeout: 30_000 }).toBe('200')
  })

  test('containers lose datagrams while their connections are cut, and datagrams that pass are counted', async () => {
    const port = 5000
    const echo = `const s = require('dgram').createSocket('udp4').bind(${port}).on('message', (m, { port, address }) => s.send(m, port, address))`
    say(`podman exec --detach shop_n2_1 node -e "${echo}"`)
    const { inject, cluster } = await start(declaration)
    const host = addressOf('shop_n2_1')
    const asked = (from: string): string =>
      say(
        `podman exec shop_${from}_1 node -e "const s = require('dgram').createSocket('udp4').on('message', () => end('echo')); const end = (said) => { console.log(said); process.exit() }; s.send('x', ${port}, '${host}'); setTimeout(end, 1000, 'silence')"`,
      )
    await expect.poll(() => asked('n1'), { timeout: 30_000 }).toBe('echo')
    for (const link of [between('n1', 'n2'), between('n2', 'n1')]) {
      const heal = await inject({ kind: 'partition', links: [link], mode: 'hold' })
      expect(asked('n1')).toBe('silence')
      expect(asked('n3')).toBe('echo')
      await heal()
      expect(asked('n1')).toBe('echo')
    }
    expect(await cluster.notes?.()).toContainEqual(expect.stringMatching(/^UDP datagrams that passed .*n1>n2 [1-9]/))
  })

  test('a new container of a scaled service can be cut off, and connections that bypass the proxy are counted', async () => {
    const logDir = join(directory, 'scaled')
    const { inject, write, cluster } = await start(declaration, { logDir })
    // What `--scale db=2` starts.
    const label = (name: string) =>
      say(`podman inspect --format '{{index .Config.Labels "com.docker.compose.${name}"}}' shop_db_1`)
    const labels = ['project', 'project.working_dir', 'project.config_files', 'service'].map(
      (name) => `--label com.docker.compose.${name}=${label(name)}`,
    )
    try {
      say(
        `podman run -d --name shop_db_2 --network ${network('shop')} --network-alias db ${labels.join(' ')} --label com.docker.compose.container-number=2 kv node /server.mjs --name n1 --data /data --listen 0.0.0.0:9000 --peer 0.0.0.0:9001`,
      )
      // Uses the address instead of the name. On a busy machine, the engine's name server learns names late, and a
      // query for an unknown name takes long.
      const host = addressOf('shop_db_2')
      const health = () => get('n1', `http://${host}:9000/health`)
      await expect.poll(health, { timeout: 30_000 }).toBe('200')
      const links = [between('n1', 'db-2'), between('db-2', 'n1')]
      // Nothing can be cut until the link exists.
      await expect
        .poll(
          async () => {
            const heal = await inject({ kind: 'partition', links, mode: 'hold' })
            const said = await health()
            await heal()
            return said
          },
          { timeout: 30_000 },
        )
        .toBe('TimeoutError')
      await expect.poll(health, { timeout: 30_000 }).toBe('200')
      // No process listens on this port, so the proxy has no link to it.
      expect(await get('n1', `http://${host}:9999/`)).toBe('TypeError')
    } finally {
      say('podman rm --force --time 0 --ignore shop_db_2')
    }
    expect(await write('n1', 'scaled', 1)).toEqual(ok(1))
    await new Promise<void>((resolve) => cluster.stop(resolve))
    expect(readFileSync(join(logDir, 'links.log'), 'utf8')).toMatch(/^n1>db-2 [1-9]\d*$/m)
  })

  test('containers of a run are refused to a second concurrent run', async () => {
    await start(declaration)
    await expect(start(declaration)).rejects.toThrow(/another chaos stands between the containers of shop/)
  })

  test('containers that are not up are started for the run, and removed after the run', async () => {
    const own = project('own', [
      service('one', 'node /server.mjs --name n1 --data /data --listen 0.0.0.0:7000 --peer 0.0.0.0:8000'),
    ])
    const { write, cluster } = await start({ ...declaration, compose: join(own, 'compose.yaml'), nodes: ['one'] })
    expect(await write('n1', 'first', 7)).toEqual(ok(7))
    await new Promise<void>((resolve) => cluster.stop(resolve))
    expect(say(`podman ps --all --format '{{.Names}}' --filter label=com.docker.compose.project=own`)).toBe('')
  })

  test("containers are refused if they use the host's network", async () => {
    say(`podman run -d --name hosted --network host kv node -e "setTimeout(() => {}, 1e6)"`)
    await expect(
      start({ ...declaration, compose: undefined, containers: ['hosted'], nodes: ['hosted'] }),
    ).rejects.toThrow(/n1 \(hosted\) has the host's network/)
    say('podman rm --force --time 0 hosted')
  })

  test('containers whose links a firewall drops are refused with the iptables rule to add', async () => {
    const bridge = say(`podman network inspect --format '{{.NetworkInterface}}' ${network('shop')}`)
    const rule = `INPUT --in-interface ${bridge} --destination 198.19.0.0/16 --jump DROP`
    say(`iptables --insert ${rule}`)
    try {
      await expect(start(declaration)).rejects.toThrow(
        /nothing passed from n1 to n2, .*iptables -I INPUT -d 198\.19\.0\.0\/16 -j ACCEPT/,
      )
      await expectGone('shop')
    } finally {
      say(`iptables --delete ${rule}`)
    }
  })

  test('containers can be cut off from a single service by its name', () => {
    const target = targetOf(declaration)
    const [offer] = target.offers?.() ?? []
    const cut = offer?.nemeses.find(({ name }) => name === 'partition:db')
    const plans = cut?.plan(createRandom(1), offer?.nodes ?? []).parts.map(({ plan }) => plan)
    expect(plans?.map((plan) => 'links' in plan && plan.links)).toContainEqual(
      expect.arrayContaining([between('n1', 'db'), between('db', 'n3')]),
    )
    expect(target.refusal?.('partition:cache')).toMatch(/There are: db\./)
  })
})
