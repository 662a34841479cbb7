// The JavaScript stack as a peer: reads {"do", "count"} lines, does that so often, answers with CPU seconds for each.
// usage: node stack.mjs CONTEXTS.json CREDENTIAL.json
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import * as vc from '@digitalbazaar/vc';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import jsonld from 'jsonld';

const [contextsFile, credentialFile] = process.argv.slice(2);
const contexts = new Map(Object.entries(JSON.parse(readFileSync(contextsFile, 'utf8'))));
const credential = JSON.parse(readFileSync(credentialFile, 'utf8'));
const key = await Ed25519Multikey.generate();
const did = `did:key:${key.publicKeyMultibase}`;
key.controller = did;
key.id = `${did}#${key.publicKeyMultibase}`;
const issued = {...credential, issuer: {...credential.issuer, id: did}};
const multikey = 'https://w3id.org/security/multikey/v1';

async function documentLoader(url) {
  let document = contexts.get(url);
  if(document === undefined && url.startsWith(did)) {
    const method = {id: key.id, type: 'Multikey', controller: did, publicKeyMultibase: key.publicKeyMultibase};
    document = url === did ?
      {'@context': ['https://www.w3.org/ns/did/v1', multikey], id: did, assertionMethod: [key.id],
        verificationMethod: [method]} :
      {'@context': multikey, ...method};
  }
  if(document === undefined) {
    throw new Error(`not here: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

const issue = () => vc.issue({
  credential: structuredClone(issued), documentLoader,
  suite: new DataIntegrityProof({signer: key.signer(), cryptosuite})
});
const signed = await issue();
const verify = async () => {
  const result = await vc.verifyCredential({
    credential: structuredClone(signed), documentLoader, suite: new DataIntegrityProof({cryptosuite}),
    checkStatus: async () => ({verified: true})
  });
  if(!result.verified) {
    throw new Error(`not verified: ${JSON.stringify(result.error?.errors?.map(one => one.message) ?? result.error)}`);
  }
};
const canonize = () => jsonld.canonize(structuredClone(credential), {
  algorithm: 'RDFC-1.0', format: 'application/n-quads', documentLoader
});
const work = {issue, verify, canonize};
for(let turn = 0; turn < 40; ++turn) { // the compiler of the engine has had its look before anything is timed
  for(const once of Object.values(work)) {
    await once();
  }
}

for await (const line of createInterface({input: process.stdin})) {
  const {do: what, count} = JSON.parse(line);
  const before = process.cpuUsage();
  for(let turn = 0; turn < count; ++turn) {
    await work[what]();
  }
  const {user, system} = process.cpuUsage(before);
  console.log(JSON.stringify({seconds: (user + system) / 1e6 / count}));
}
