# A client of a Redis as a program: a line of JSON for each operation, and one for each answer.
import json, socket, sys

connections = {}

def reply(file):
    line = file.readline()
    if line == b'':
        raise ConnectionError('the connection ended')
    kind, rest = line[:1], line[1:-2].decode()
    if kind == b'$':
        return None if rest == '-1' else file.read(int(rest) + 2)[:-2].decode()
    if kind == b'-':
        raise RuntimeError(rest)
    return int(rest) if kind == b':' else rest

def ask(address, *words):
    if address not in connections:
        host, port = address.rsplit(':', 1)
        try:
            connections[address] = socket.create_connection((host, int(port)), 2).makefile('rwb')
        except OSError as error:
            return 'fail', str(error)
    file = connections[address]
    try:
        file.write(b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(word), word) for word in [str(word).encode() for word in words]))
        file.flush()
        return 'ok', reply(file)
    except RuntimeError as error:
        return 'fail', str(error)
    except OSError as error:
        # The request left: it may have been carried out.
        del connections[address]
        return 'info', str(error)

for line in sys.stdin:
    asked = json.loads(line)
    f, key, value = asked['input']['f'], asked['input'].get('key'), asked['input']['value']
    words = ['GET', key] if f == 'read' else ['INCRBY', key, value]
    kind, answer = ask(asked['address'], *words)
    if kind == 'ok':
        result = {'value': None if answer is None else int(answer)} if f == 'read' else {'value': value}
    else:
        result = {'error': answer}
    print(json.dumps({'id': asked['id'], 'type': kind, **result}), flush=True)
