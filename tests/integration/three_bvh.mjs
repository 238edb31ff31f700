// three.js reads BVH files: node three_bvh.mjs NODE_MODULES ANSWERS.json FILE...
// ANSWERS: for each file the names of the bones, the root's OFFSET, the frame times and the places of every bone.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, answers, ...files] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(path.join(modules, "three", name)).href);
const three = await load("build/three.module.js");
const { BVHLoader } = await load("examples/jsm/loaders/BVHLoader.js");

const found = files.map((file) => {
  const { skeleton, clip } = new BVHLoader().parse(fs.readFileSync(file, "utf8"));
  const root = skeleton.bones[0];
  const offset = root.position.toArray();
  const times = Array.from(clip.tracks[0].times);
  // The tracks are set by hand: three.js's mixer cannot address a name with a colon, such as mixamorig:Hips.
  const named = new Map(skeleton.bones.map((bone) => [bone.name, bone]));
  const tracks = clip.tracks.map((track) => {
    const dot = track.name.lastIndexOf(".");
    return [named.get(track.name.slice(0, dot)), track.name.slice(dot + 1), track];
  });
  const place = new three.Vector3();
  const places = times.map((_, key) => {
    for (const [bone, property, track] of tracks) {
      bone[property].fromArray(track.values, key * track.getValueSize());
    }
    root.updateMatrixWorld(true);
    return skeleton.bones.map((bone) => bone.getWorldPosition(place).toArray());
  });
  return { names: skeleton.bones.map((bone) => bone.name), offset, times, places };
});
fs.writeFileSync(answers, JSON.stringify(found));
