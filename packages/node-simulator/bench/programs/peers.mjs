// What the three programs have in common. n1 decides about each request. The other nodes pass requests on to n1, and
// keep copies of its data.
const { PORT, NODE_ID, PEERS = '' } = process.env
const peers = PEERS.split(',').filter((peer) => peer !== '')

export const decides = NODE_ID === 'n1'

const ask = async (url, method, body) => {
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(500),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return answer.json()
}

export const passOn = (path, method, body) => ask(`http://n1:${PORT}${path}`, method, body)

export const copyToPeers = (key, body) => Promise.all(peers.map((peer) => ask(`${peer}/copy/${key}`, 'PUT', body)))
