import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { injectedFor, ran, serving } from '../../../testing/src/simulated.ts'

const restart = injectedFor({ kind: 'kill', nodes: ['n1'] }, 0)

const losingPower = (unsynced: 'lost' | 'torn' | 'reordered') =>
  injectedFor({ kind: 'power-loss', nodes: ['n1'], unsynced }, 0)

/** A program that writes a line, with or without an fsync, and prints at each start what it finds. */
const writing = (sync: boolean): string =>
  serving(`
    import fs from 'node:fs'
    console.log(fs.existsSync('log') ? fs.readFileSync('log', 'utf8') : 'nothing')
    const file = fs.openSync('log', 'a')
    fs.writeSync(file, 'line')
    ${sync ? 'fs.fsyncSync(file)' : ''}`)

describe('the disk of a node', () => {
  test('fs.realpath.native and fs.realpathSync resolve the same paths on the disk of a node', async () => {
    const { lines } = await ran(
      serving(`
        import fs from 'node:fs'
        fs.writeFileSync('log', '')
        console.log(fs.realpathSync.native('log') === fs.realpathSync('log'))
        fs.realpath.native('log', (error, path) => console.log(path === fs.realpathSync('log')))`),
      {},
    )
    expect(lines).toEqual(['n1: true', 'n1: true'])
  })

  test('the disk of a node keeps written data when the program is killed', async () => {
    const { lines } = await ran(writing(false), { meanwhile: restart })
    expect(lines).toEqual(['n1: nothing', 'n1: line'])
  })

  test('the disk of a node keeps fsynced data when the power fails', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { lines } = await ran(writing(true), { seed, meanwhile: losingPower('torn') })
      expect(lines).toEqual(['n1: nothing', 'n1: line'])
    }
  })

  test('the disk of a node loses, tears or keeps unsynced data when the power fails', async () => {
    const found = new Set<string>()
    for (let seed = 1; seed <= 40; seed++) {
      const { lines } = await ran(writing(false), { seed, meanwhile: losingPower('torn') })
      found.add(lines[1] ?? '')
    }
    expect(found).toContain('n1: nothing')
    expect(found).toContain('n1: line')
    expect([...found].some((line) => /^n1: l(?:in?)?$/.test(line))).toBe(true)
  })

  test('the disk of a node loses all unsynced data in a power loss of the mode "lost"', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { lines } = await ran(writing(false), { seed, meanwhile: losingPower('lost') })
      expect(lines).toEqual(['n1: nothing', 'n1: nothing'])
    }
  })

  test('a power loss of the mode "reordered" may keep a later write and lose an earlier write', async () => {
    const two = serving(`
      import fs from 'node:fs'
      const file = fs.openSync('log', fs.existsSync('log') ? 'r+' : 'w+')
      fs.fsyncSync(file)
      console.log(fs.readFileSync('log', 'latin1').replaceAll('\\0', '-'))
      fs.writeSync(file, 'one', 0)
      fs.writeSync(file, 'two', 3)`)
    const found = new Set<string>()
    for (let seed = 1; seed <= 40; seed++) {
      const { lines } = await ran(two, { seed, meanwhile: losingPower('reordered') })
      found.add(lines[1] ?? '')
    }
    expect(found).toContain('n1: ---two')
  })

  test('the disk of a node may apply two pending writes in either order', async () => {
    const racing = serving(`
      import { readFile, writeFile } from 'node:fs/promises'
      await Promise.all([writeFile('x', 'one'), writeFile('x', 'two')])
      console.log(await readFile('x', 'utf8'))`)
    const found = new Set<string>()
    for (let seed = 1; seed <= 20; seed++) for (const line of (await ran(racing, { seed })).lines) found.add(line)
    expect([...found].sort()).toEqual(['n1: one', 'n1: two'])
  })

  test("the disk of a node has the directories, file names and errors of Node's fs", async () => {
    const { lines } = await ran(
      serving(`
        import fs from 'node:fs'
        import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
        await mkdir('a/b', { recursive: true })
        const file = await open('a/b/c', 'w')
        await file.write('hello')
        await file.sync()
        await file.close()
        await rename('a/b', 'a/d')
        console.log(await readdir('a'), (await stat('a/d/c')).size, fs.statSync('a').isDirectory())
        for (const wrong of [() => fs.readFileSync('b'), () => fs.mkdirSync('a'), () => fs.readdirSync('a/d/c'), () => fs.closeSync(99)])
          try { wrong() } catch (error) { console.log(error.code, error.syscall) }
        await rm('a', { recursive: true })
        fs.createWriteStream('s').end('stream', () => fs.createReadStream('s').on('data', (chunk) => console.log(String(chunk))))`),
    )
    expect(lines.map((line) => line.slice(4))).toEqual([
      "[ 'd' ] 5 true",
      'ENOENT open',
      'EEXIST mkdir',
      'ENOTDIR scandir',
      'EBADF close',
      'stream',
    ])
  })

  test('the disk of a node streams files with the same output as Node', async () => {
    const streaming = `
      import { once } from 'node:events'
      import fs from 'node:fs'
      import { open } from 'node:fs/promises'
      import { createInterface } from 'node:readline'
      const said = []
      const writer = fs.createWriteStream('s', 'utf8').on('open', (fd) => said.push(typeof fd)).on('ready', () => said.push('ready'))
      writer.write('one\\n')
      writer.end('two\\nthree')
      await once(writer, 'close')
      const more = fs.createWriteStream('s', { flags: 'a' })
      more.end('\\nfour')
      await once(more, 'finish')
      const reader = fs.createReadStream('s', { encoding: 'utf8', start: 4, end: 8, highWaterMark: 2 })
      for await (const chunk of reader) said.push(chunk)
      said.push(writer.bytesWritten, writer.path, reader.bytesRead, reader instanceof fs.ReadStream, fs.createReadStream('s').pending)
      for await (const line of createInterface({ input: fs.createReadStream('s') })) said.push(line)
      const unread = fs.createReadStream('s')
      unread.close(() => said.push('closed'))
      await once(unread, 'close')
      await new Promise((resolve) => fs.createReadStream('missing').on('error', ({ code }) => said.push(code)).on('close', resolve))
      const handle = await open('s')
      for await (const chunk of handle.createReadStream({ encoding: 'utf8' })) said.push(chunk)
      await handle.close()
      const again = await open('s')
      const { bytesRead, buffer } = await again.read({ position: 2, length: 3 })
      said.push(bytesRead, String(buffer.subarray(0, 3)), (await again.read(Buffer.alloc(4), { position: 1 })).bytesRead)
      for await (const line of again.readLines({ start: 0 })) said.push(line)
      said.push(again.fd)
      const fd = fs.openSync('s')
      await new Promise((resolve) => fs.read(fd, Buffer.alloc(3), 0, 3, 0, (error, bytes, buffer) => resolve(said.push(bytes, String(buffer)))))
      console.log(JSON.stringify(said))`
    const cwd = mkdtempSync(join(tmpdir(), 'chaos-streams-'))
    writeFileSync(join(cwd, 'program.mjs'), streaming)
    const { stdout } = await promisify(execFile)(process.execPath, ['program.mjs'], { cwd })
    const { lines } = await ran(serving(streaming))
    expect(lines).toEqual([`n1: ${stdout.trimEnd()}`])
    expect(JSON.parse(stdout)).toContain('four')
  })

  test('the disk of a node refuses FileHandle.readableWebStream', async () => {
    const reading = serving(`
      import { open } from 'node:fs/promises'
      const file = await open('x', 'w')
      file.readableWebStream()`)
    await expect(ran(reading)).rejects.toThrow(
      /FileHandle.readableWebStream cannot be simulated: it is not implemented yet/,
    )
  })

  test('the disk of a node lets a program read its own package.json', async () => {
    const reading = serving(`import fs from 'node:fs'
      const found = fs.readFileSync(new URL('package.json', import.meta.url))
      console.log(JSON.parse(found).name)`)
    const { lines } = await ran(reading, { beside: { 'package.json': '{"name":"shop","type":"module"}' } })
    expect(lines).toEqual(['n1: shop'])
  })

  test('the disk of a node refuses to read files of the real machine', async () => {
    const reading = serving(`import fs from 'node:fs'; fs.readFileSync('/etc/hostname')`)
    await expect(ran(reading)).rejects.toThrow(/reading \/etc\/hostname cannot be simulated/)
  })
})

test('fs.WriteStream can be called as a constructor on an object of another class, as by graceful-fs', async () => {
  const { lines } = await ran(
    serving(`
      import fs from 'node:fs'
      function Own(...args) {
        return fs.WriteStream.apply(this, args), this
      }
      Own.prototype = Object.create(fs.WriteStream.prototype)
      await new Promise((resolve) => new Own('own').on('close', resolve).end('written'))
      console.log(fs.readFileSync('own', 'utf8'))`),
  )
  expect(lines).toEqual(['n1: written'])
})

describe('fs.watch', () => {
  /**
   * A program that prints the events of a directory and of a file in it. The program also renames another file over
   * this file.
   */
  const WATCHING = `
    import fs from 'node:fs'
    import { setTimeout as wait } from 'node:timers/promises'
    const dir = fs.mkdtempSync('watched-')
    fs.writeFileSync(dir + '/file', 'old')
    const told = []
    const [whole, one] = [fs.watch(dir), fs.watch(dir + '/file', { persistent: false })]
    whole.on('change', (type, name) => told.push('directory ' + type + ' ' + name))
    one.on('change', (type, name) => told.push('file ' + type + ' ' + name))
    const step = async (what) => {
      await wait(100)
      console.log(what, JSON.stringify([...new Set(told.splice(0))]))
    }
    fs.appendFileSync(dir + '/file', '1')
    await step('appended')
    fs.writeFileSync(dir + '/next', 'new')
    await step('another')
    fs.renameSync(dir + '/next', dir + '/file')
    await step('renamed')
    fs.appendFileSync(dir + '/file', '2')
    await step('appended')
    whole.close()
    one.close()
    fs.unlinkSync(dir + '/file')
    await step('closed')`

  test('fs.watch reports the same changes as Node, in the same order', async () => {
    const { lines } = await ran(`${WATCHING}\n${serving('')}`)
    const file = join(mkdtempSync(join(tmpdir(), 'watching-')), 'watching.mjs')
    writeFileSync(file, WATCHING)
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: tmpdir() })
    // If a file loses its last name, the kernel reports both a change of its attributes and its end.
    const real = stdout.trim().replace('"file change file","file rename file"', '"file rename file"').split('\n')
    expect(lines.map((line) => line.slice('n1: '.length))).toEqual(real)
    expect(lines).toHaveLength(5)
  })

  test('fs.watch throws ENOENT for an absent file, and ends when the program is killed', async () => {
    const program = serving(`
      import fs from 'node:fs'
      fs.writeFileSync('log', '')
      try { fs.watch('absent') } catch ({ code }) { console.log(code) }
      if (!fs.existsSync('started')) fs.watch('log', () => console.log('told'))
      fs.writeFileSync('started', '')
      setTimeout(() => fs.appendFileSync('log', 'x'), 100)`)
    const { lines } = await ran(program, { meanwhile: restart })
    expect(lines).toEqual(['n1: ENOENT', 'n1: ENOENT'])
  })
})
