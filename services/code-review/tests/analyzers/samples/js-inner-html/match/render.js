element.innerHTML = comment.body; // crivo: match
document.getElementById("log").innerHTML += "<li>" + line + "</li>"; // crivo: match
list.insertAdjacentHTML("beforeend", `<li>${name}</li>`); // crivo: match
document.write(location.hash); // crivo: match
