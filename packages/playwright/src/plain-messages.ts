import { Transform } from 'node:stream'

/** Longest head of a request, as in node:http. */
const LONGEST_HEAD_BYTES = 16 * 1024
const OFFER = /^sec-websocket-extensions:[^\r\n]*\r\n/gim

/**
 * Passes on the browser's bytes without the offer to compress WebSocket messages. Compressed messages cannot be
 * matched, and losing one would garble the later ones.
 */
export function withoutCompression(): Transform {
  let held = Buffer.alloc(0)
  let isOver = false
  return new Transform({
    transform(chunk: Buffer, _, done) {
      if (isOver) return done(null, chunk)
      held = Buffer.concat([held, chunk])
      const mayUpgrade = 'GET '.startsWith(held.toString('latin1', 0, 4))
      if (mayUpgrade && !held.includes('\r\n\r\n') && held.length < LONGEST_HEAD_BYTES) return done()
      isOver = true
      done(null, mayUpgrade ? withoutOffer(held) : held)
    },
    flush: (done) => done(null, isOver ? null : held),
  })
}

function withoutOffer(sent: Buffer): Buffer {
  const end = sent.indexOf('\r\n\r\n') + 4
  const head = sent.toString('latin1', 0, end)
  if (!/^upgrade:[^\r\n]*\bwebsocket\b/im.test(head)) return sent
  return Buffer.concat([Buffer.from(head.replace(OFFER, ''), 'latin1'), sent.subarray(end)])
}
