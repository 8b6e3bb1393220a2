// The same as modules.mjs by `require`.

exports.modules = { warded: require("warded"), hazmat: require("warded/hazmat") };
