const line = (time: number, process: number, type: string, f: string, value: number | null, node: string): string =>
  JSON.stringify({ time: time * 1e6, process, type, f, key: 'x', value, node })

/** A history to try the page with: a replica shows old data. */
export const EXAMPLE: string = [
  '{"chaos": 1, "model": "register", "initial": null}',
  line(0, 0, 'invoke', 'write', 1, 'n1'),
  line(2, 0, 'ok', 'write', 1, 'n1'),
  line(10, 0, 'invoke', 'write', 2, 'n1'),
  line(12, 0, 'ok', 'write', 2, 'n1'),
  line(14, 1, 'invoke', 'read', null, 'n2'),
  line(15, 1, 'ok', 'read', 1, 'n2'),
  line(40, 1, 'invoke', 'read', null, 'n2'),
  line(41, 1, 'ok', 'read', 2, 'n2'),
  '',
].join('\n')
