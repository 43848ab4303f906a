(()=>{"use strict"})();
