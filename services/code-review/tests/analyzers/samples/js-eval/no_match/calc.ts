const data: Data = JSON.parse(text);
eval(`debugger`);
