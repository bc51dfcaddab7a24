import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../../../testing/src/build.ts'
import { onMachine } from '../../../../testing/src/containers/podman.ts'
import { eventually, processExists } from '../../../../testing/src/real-cluster.ts'
import { ownAddress6, ownerOf, ownLabel } from '../../../src/containers/address-owner.ts'
import type { Family } from '../../../src/containers/engine.ts'
import { groupsOf } from '../../../src/containers/ipv6-groups.ts'
import { addLinkAddresses } from '../../../src/containers/link-addresses.ts'
import { startKeeper } from '../../../src/keeper/keeper.ts'

// Tests with real addresses on this machine's loopback interface. Real processes add the addresses, and are killed
// while they have them.

const built = (...path: string[]) => pathToFileURL(join(import.meta.dirname, '../../../dist', ...path)).href
const hasAddresses = process.getuid?.() === 0 && spawnSync('ip', ['-V']).status === 0
/** Functions that undo what a test has started or added. They are called in reverse order. */
const ended: (() => void)[] = []
beforeAll(ensureBuilt)
afterEach(() => {
  for (const end of ended.splice(0).reverse()) end()
})

/** The kernel abbreviates IPv6 addresses. */
const nameOf = (address: string) => (isIPv6(address) ? groupsOf(address).join() : address)
const here = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => nameOf(address)))
/** Returns the given addresses that this machine has. */
const ofHere = (addresses: readonly string[]) => addresses.filter((address) => here().includes(nameOf(address)))
const lengthOf = (address: string) => (isIPv6(address) ? 128 : 32)

interface Owner {
  readonly child: ChildProcess
  /** The pid of the process's keeper. */
  readonly keeper: number
  readonly addresses: readonly string[]
}

/** Starts a process that adds addresses and prints them. */
async function startOwner(families: readonly Family[], before: readonly string[] = []): Promise<Owner> {
  const script = `
    import { startKeeper } from '${built('keeper', 'keeper.js')}'
    import { addLinkAddresses } from '${built('containers', 'link-addresses.js')}'
    const keeper = startKeeper(() => {})
    const { addresses } = addLinkAddresses(${JSON.stringify(families)}, keeper)
    console.log(JSON.stringify({ keeper: keeper.pid, addresses }))
    setInterval(() => {}, 1000)
  `
  const [program = '', ...args] = [...before, process.execPath, '--input-type=module', '--eval', script]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  ended.push(() => child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  const { keeper, addresses } = JSON.parse(String(said)) as Omit<Owner, 'child'>
  ended.push(() =>
    spawnSync('ip', ['-force', '-batch', '-'], {
      input: addresses.map((address) => `addr del ${address}/${lengthOf(address)} dev lo\n`).join(''),
    }),
  )
  return { child, keeper, addresses }
}

/** Kills the process and its keeper at once, so that neither removes the addresses. */
async function killWithKeeper({ child, keeper }: Owner): Promise<void> {
  process.kill(keeper, 'SIGSTOP')
  child.kill('SIGKILL')
  process.kill(keeper, 'SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  await eventually(async () => expect(processExists(keeper)).toBe(false))
}

/** Adds addresses in this process. A keeper removes them if the process dies, as in a run with containers. */
function add(...families: readonly Family[]) {
  const keeper = startKeeper(() => undefined)
  ended.push(() => void keeper.close())
  const added = addLinkAddresses(families, keeper)
  ended.push(added.close)
  return added
}

describe.runIf(hasAddresses)('the addresses of links', () => {
  test('the next run removes the link addresses that a killed run and its killed cleanup process left behind', async () => {
    const [dead, living] = await Promise.all([startOwner([4, 6, 4, 6, 4]), startOwner([4, 6])])
    await killWithKeeper(dead)
    expect(ofHere(dead.addresses)).toEqual(dead.addresses)
    // No project has the name `nobodys`, so `onMachine` finds no tables. It returns the link addresses of this process
    // and of ended processes, which tests of containers count as leftovers.
    expect(onMachine('nobodys')).toHaveLength(5)
    const own = add(6, 4, 4)
    expect(own.addresses.map(isIPv6)).toEqual([true, false, false])
    expect(onMachine('nobodys')).toHaveLength(3)
    // A removed address is free, and may have been added again.
    const taken = dead.addresses.filter((address) => own.addresses.includes(address))
    expect(ofHere(dead.addresses)).toEqual(taken)
    expect(ofHere(living.addresses)).toEqual(living.addresses)
    expect(ofHere(own.addresses)).toEqual(own.addresses)
    own.close()
    expect(ofHere(own.addresses)).toEqual([])
    expect(ofHere(living.addresses)).toEqual(living.addresses)
  })

  test('the keeper of a killed run removes its link addresses, except those that another run took over', async () => {
    const owner = await startOwner([4, 4])
    const [lost = '', taken = ''] = owner.addresses
    process.kill(owner.keeper, 'SIGSTOP')
    execFileSync('ip', ['address', 'del', `${taken}/32`, 'dev', 'lo'])
    execFileSync('ip', ['address', 'add', `${taken}/32`, 'dev', 'lo', 'label', ownLabel()])
    owner.child.kill('SIGKILL')
    process.kill(owner.keeper, 'SIGCONT')
    await eventually(async () => expect(processExists(owner.keeper)).toBe(false))
    expect(ofHere([lost, taken])).toEqual([taken])
  })

  test('the addresses of links stay in place when the addresses of other links are removed', () => {
    const [first, second] = [add(4, 6), add(4, 6)]
    first.close()
    expect(ofHere([...first.addresses, ...second.addresses])).toEqual(second.addresses)
  })

  test('the addresses of links are kept if the process that added them runs in another PID namespace', async () => {
    const owner = await startOwner([4, 6], ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'])
    add(4)
    expect(ofHere(owner.addresses)).toEqual(owner.addresses)
  })
})

test('an address of a link shows which process added it, and whether that process still runs', () => {
  const [label, address6] = [ownLabel(), ownAddress6(9)]
  expect(label).toHaveLength(15)
  expect(ownerOf(label, '198.19.0.1')).toEqual({ pid: process.pid, lives: true })
  expect(ownerOf('lo', address6)).toEqual({ pid: process.pid, lives: true })
  // The changed label contains this process's pid, but another start time.
  const later = label.slice(0, -1) + (label.endsWith('0') ? '1' : '0')
  expect(ownerOf(later, '198.19.0.1')).toEqual({ pid: process.pid, lives: false })
  const groups = groupsOf(address6)
  const later6 = groups.map((group, i) => (i === 6 ? group ^ 1 : group).toString(16)).join(':')
  expect(ownerOf('lo', later6)).toEqual({ pid: process.pid, lives: false })
  expect(ownerOf('lo', '127.0.0.1')).toBeUndefined()
  expect(ownerOf('lo', '::1')).toBeUndefined()
  expect(ownerOf('lo:0', '198.19.0.1')).toBeUndefined()
})

test.each([
  ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
  ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
  ['fd00:28::', [0xfd00, 0x28, 0, 0, 0, 0, 0, 0]],
  ['2001:2:0:1:0:3:4:ffff', [0x2001, 2, 0, 1, 0, 3, 4, 0xffff]],
])('the IPv6 address %s is split into eight groups', (address, groups) => {
  expect(groupsOf(address)).toEqual(groups)
})
