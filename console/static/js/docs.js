// The API's documentation, drawn by the vendored Swagger UI; nothing leaves this machine.
// Without deep links, which it puts into buttons, where no keyboard and no screen reader finds them.
const place = document.getElementById("swagger-ui");

// What it draws lacks: a landmark about its title, and headings that follow one another.
function mend() {
  place.querySelector(".information-container")?.setAttribute("role", "banner");
  for (const heading of place.querySelectorAll(".opblock-tag, .models h4")) {
    heading.setAttribute("role", "heading");
    heading.setAttribute("aria-level", "2");
  }
}

SwaggerUIBundle({ url: place.dataset.url, domNode: place, deepLinking: false, validatorUrl: null, onComplete: mend });
